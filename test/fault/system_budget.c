/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Budgets in a system that refuses: no timer to be had, or none to be set, no
 * thread, no clock, no real-time priority. Where there is another way the
 * guest is signalled all the same; without any, no budget is entered.
 */
#include "filter.h"

#include "unit/real_clock.h"

#include <sched.h>
#include <sys/resource.h>

static struct guest guest;
static struct engine engine;

/* A guest is signalled and killed, each never early. */
static void expect_limits(void) {
  for (int i = 1; i <= 5; i++) {
    be_signalled(&guest, (uint64_t)i * 300 * US);
    be_killed(&engine, (uint64_t)i * 300 * US);
  }
}

/* ----------------------------------------------------------------- timers */

static void expect_the_watchdog_alone(void) {
  guest_track(&guest, registry);
  expect_limits();
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
  CHILD_EQUAL(statistics().fires, 0);
}

CASE(a_thread_that_is_refused_a_timer_is_checked_by_the_watchdog) {
  refuse(EAGAIN, SYS_timer_create);
  expect_the_watchdog_alone();
}

CASE(a_process_without_room_for_pending_signals_has_no_timer) {
  struct rlimit none = {0, 0};
  CHILD_EQUAL(setrlimit(RLIMIT_SIGPENDING, &none), 0);
  expect_the_watchdog_alone();
}

CASE(if_no_handler_can_be_installed_there_is_no_timer) {
  refuse(EPERM, SYS_rt_sigaction);
  expect_the_watchdog_alone();
}

static void *be_refused_a_timer(void *unused) {
  static struct guest other;
  static struct engine other_engine;
  refuse(EAGAIN, SYS_timer_create);
  guest_track(&other, registry);
  for (int i = 0; i < 20; i++) be_signalled(&other, 1 * MS);
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
  for (int i = 0; i < 20; i++) be_killed(&other_engine, 1 * MS);
  return unused;
}

CASE(a_thread_that_is_refused_a_timer_does_not_affect_others) {
  guest_track(&guest, registry);
  be_signalled(&guest, 1 * MS);
  pthread_t thread = start_thread(be_refused_a_timer, NULL);
  for (int i = 0; i < 20; i++) be_signalled(&guest, 1 * MS);
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_TIMER);
  join(thread);
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_TIMER);
}

CASE(a_timer_that_can_no_longer_be_set_is_replaced_by_the_watchdog) {
  guest_track(&guest, registry);
  expect_limits();
  refuse(EINVAL, SYS_timer_settime);
  expect_limits();
}

CASE(a_timer_that_cannot_be_set_at_all_is_replaced_by_the_watchdog) {
  guest_track(&guest, registry);
  refuse(EINVAL, SYS_timer_settime);
  expect_limits();
}

/* It fires while the guest sleeps, and cannot be set again. */
CASE(a_timer_that_cannot_be_set_again_is_replaced_by_the_watchdog) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  make(&budget, &guest, &engine, 10 * MS, 15 * MS);
  enter(&budget);
  refuse(EINVAL, SYS_timer_settime);
  sleep_ns(30 * MS);
  CHILD_EQUAL(guest_signal(&guest), 0);
  poll_until_told(&guest);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget), 10 * MS);
  stand_until_killed(&engine);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget), 15 * MS);
  LEFT(&budget, KILLED);
  CHILD_EQUAL(engine.requested, 0);
}

/* ---------------------------------------------------------------- threads */

static void expect_not_entered(wasmsig_budget *budget, int error) {
  CHILD_EQUAL(wasmsig_budget_enter(budget), error);
  CHILD_EQUAL(wasmsig_budget_level(), 0);
  CHILD_EQUAL(wasmsig_budget_get_state(budget), WASMSIG_BUDGET_READY);
  CHILD_EQUAL(wasmsig_budget_used_ns(budget), 0);
  CHILD_EQUAL(wasmsig_budget_leave(budget), WASMSIG_EORDER);
  CHILD_EQUAL(guest_signal(&guest), 0);
  CHILD_EQUAL(engine.kills, 0);
}

CASE(if_no_thread_can_be_started_no_budget_is_entered) {
  wasmsig_budget budget, unlimited;
  guest_track(&guest, registry);
  make(&budget, &guest, &engine, 1 * MS, 2 * MS);
  make(&unlimited, &guest, NULL, NONE, NONE);
  refuse(EAGAIN, SYS_clone, SYS_clone3);
  for (int i = 0; i < 3; i++) expect_not_entered(&budget, WASMSIG_ETHREAD);
  enter(&unlimited);
  CHILD_EQUAL(wasmsig_budget_enter(&budget), WASMSIG_ETHREAD);
  CHILD_EQUAL(wasmsig_budget_level(), 1);
  LEFT(&unlimited, READY);
  burn(5 * MS);
  expect_not_entered(&budget, WASMSIG_ETHREAD);
  CHILD_EQUAL(wasmsig_budget_destroy(&budget), WASMSIG_OK);
  CHILD_EQUAL(wasmsig_budget_destroy(&unlimited), WASMSIG_OK);
}

CASE(a_watchdog_that_runs_needs_no_other_thread) {
  guest_track(&guest, registry);
  be_signalled(&guest, 1 * MS);
  refuse(EAGAIN, SYS_clone, SYS_clone3);
  expect_limits(); /* it lingers for longer than that takes */
}

/* ----------------------------------------------------------------- clocks */

CASE(without_a_cpu_clock_no_budget_is_entered) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  make(&budget, &guest, &engine, 1 * MS, 2 * MS);
  refuse(EINVAL, SYS_clock_gettime); /* the monotonic one is no system call */
  for (int i = 0; i < 3; i++) expect_not_entered(&budget, WASMSIG_ECLOCK);
  CHILD_EQUAL(wasmsig_budget_destroy(&budget), WASMSIG_OK);
}

/* ------------------------------------------------------------- priorities */

static int ask_for_priority(int priority) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = this_case.firing;
  options.realtime_priority = priority;
  return wasmsig_set_firing(&options);
}

CASE(a_priority_that_is_refused_is_reported) {
  refuse(EPERM, SYS_sched_setattr, SYS_sched_setscheduler, SYS_sched_setparam);
  CHILD_EQUAL(ask_for_priority(10), WASMSIG_OK);
  guest_track(&guest, registry);
  expect_limits();
  CHILD_EQUAL(get_firing().realtime_priority, 0);
}

CASE(a_priority_that_is_granted_is_reported) {
  CHILD_EQUAL(ask_for_priority(10), WASMSIG_OK);
  guest_track(&guest, registry);
  expect_limits();
  int granted = get_firing().realtime_priority;
  CHILD_ASSERT(granted == 0 || granted == 10);
  CHILD_EQUAL(ask_for_priority(0), WASMSIG_OK);
  expect_limits();
  CHILD_EQUAL(get_firing().realtime_priority, 0);
}

/* --------------------------------------------------------------- sandboxes */

/* System calls that are not needed to read clocks and to wait. */
CASE(in_a_narrow_sandbox_limits_are_kept) {
  guest_track(&guest, registry);
  refuse(EPERM, SYS_perf_event_open, SYS_membarrier, SYS_sched_setattr,
         SYS_sched_setscheduler, SYS_getrusage, SYS_timer_create,
         SYS_timer_settime, SYS_timer_delete, SYS_getcpu);
  expect_limits();
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
}

CASE(without_prctl_and_perf_events_the_timer_works) {
  guest_track(&guest, registry);
  refuse(EPERM, SYS_perf_event_open, SYS_prctl, SYS_membarrier, SYS_getrusage);
  expect_limits();
  CHILD_EQUAL(get_firing().firing, this_case.firing);
}

/* ------------------------------------------------------------------- rseq */

/* glibc goes on to say that there is rseq; the kernel does not serve it. */
static void give_rseq_up(void) {
  char *area = (char *)__builtin_thread_pointer() + __rseq_offset;
  if (__rseq_size == 0) return; /* there is none anyway */
  CHILD_EQUAL(syscall(SYS_rseq, area, 32, 1 /* unregister */, RSEQ_SIG), 0);
}

/* Each section lies between two readings inside and two outside of it. */
static void expect_right_charges(void) {
  wasmsig_budget budget;
  uint64_t least = 0, most = 0;
  make(&budget, NULL, NULL, 60000 * MS, NONE);
  for (int i = 0; i < 20000; i++) {
    uint64_t outer = thread_cpu_ns();
    enter(&budget);
    uint64_t inner = thread_cpu_ns();
    for (volatile int turn = 0; turn < i % 2000; turn++) continue;
    least += thread_cpu_ns() - inner;
    LEFT(&budget, READY);
    most += thread_cpu_ns() - outer;
  }
  uint64_t used = wasmsig_budget_used_ns(&budget);
  CHILD_AT_LEAST(used + used / 100, least);
  CHILD_AT_LEAST(most + used / 100, used);
  CHILD_EQUAL(wasmsig_budget_destroy(&budget), WASMSIG_OK);
}

static void *give_up_at_once(void *unused) {
  give_rseq_up();
  expect_right_charges();
  expect_limits();
  return unused;
}

static void *give_up_later(void *unused) {
  expect_right_charges();
  give_rseq_up();
  expect_right_charges();
  expect_limits();
  return unused;
}

CASE(a_thread_that_unregisters_rseq_is_charged_what_it_uses) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((size_t)sched_getcpu(), &one);
  CHILD_EQUAL(sched_setaffinity(0, sizeof one, &one), 0);
  guest_track(&guest, registry);
  pid_t hog = fork(); /* it preempts the thread all the time */
  CHILD_ASSERT(hog >= 0);
  if (hog == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(PATIENCE_S);
    for (;;) continue;
  }
  join(start_thread(give_up_at_once, NULL));
  join(start_thread(give_up_later, NULL));
  CHILD_EQUAL(kill(hog, SIGKILL), 0);
  CHILD_EQUAL(waitpid(hog, NULL, 0), hog);
}

/* fork(3) tells the C library; clone(2) does not, and crun starts containers by
 * it. */
CASE(a_process_that_clone_itself_made_has_its_own_clock) {
  int status;
  pid_t child = (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
  if (child == 0) {
    guest_track(&guest, registry);
    expect_limits();
    _exit(0);
  }
  CHILD_EQUAL(waitpid(child, &status, 0), child);
  CHILD_EQUAL(status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PLAIN(a_thread_that_is_refused_a_timer_is_checked_by_the_watchdog),
      PLAIN(a_process_without_room_for_pending_signals_has_no_timer),
      PLAIN(if_no_handler_can_be_installed_there_is_no_timer),
      BY_TIMER(a_thread_that_is_refused_a_timer_does_not_affect_others),
      BY_TIMER(a_timer_that_can_no_longer_be_set_is_replaced_by_the_watchdog),
      BY_TIMER(a_timer_that_cannot_be_set_at_all_is_replaced_by_the_watchdog),
      BY_TIMER(a_timer_that_cannot_be_set_again_is_replaced_by_the_watchdog),
      BY_BOTH(if_no_thread_can_be_started_no_budget_is_entered),
      BY_BOTH(a_watchdog_that_runs_needs_no_other_thread),
      BY_BOTH(without_a_cpu_clock_no_budget_is_entered),
      BY_BOTH(a_priority_that_is_refused_is_reported),
      BY_BOTH(a_priority_that_is_granted_is_reported),
      PLAIN(in_a_narrow_sandbox_limits_are_kept),
      BY_BOTH(without_prctl_and_perf_events_the_timer_works),
      BY_BOTH(a_thread_that_unregisters_rseq_is_charged_what_it_uses),
      BY_BOTH(a_process_that_clone_itself_made_has_its_own_clock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
