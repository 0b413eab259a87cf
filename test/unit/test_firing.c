/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What checks a section when a limit may have been reached: which signal the
 * timer gets, what else comes by that signal, and what remains when the signal
 * is blocked, replaced or not to be had.
 */
#include "real_clock.h"

static struct guest guest;

static void track(void) { guest_track(&guest, registry); }

/* ------------------------------------------------------------- handlers */

static unsigned heard;  /* signals by the test's handlers; atomic */
static int heard_code;  /* si_code of the last; atomic */
static int heard_value; /* its sival_int; atomic */

static void receive(int signal_number) {
  (void)signal_number;
  wsig_add_relaxed(&heard, 1);
}

static void hear_all(int signal_number, siginfo_t *info, void *context) {
  (void)signal_number;
  wsig_store_relaxed(&heard_code, context ? info->si_code : 4711);
  wsig_store_relaxed(&heard_value, info->si_value.sival_int);
  wsig_add_relaxed(&heard, 1);
}

static void handle(int signal_number, bool with_info) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_flags = SA_RESTART;
  if (with_info) {
    action.sa_flags |= SA_SIGINFO;
    action.sa_sigaction = hear_all;
  } else {
    action.sa_handler = receive;
  }
  CHILD_EQUAL(sigaction(signal_number, &action, NULL), 0);
}

/* ---------------------------------------------------------- which signal */

CASE(by_default_the_timer_has_the_highest_real_time_signal) {
  wasmsig_firing_options options = get_firing();
  CHILD_EQUAL(options.firing, WASMSIG_FIRING_TIMER);
  CHILD_EQUAL(options.timer_signal, SIGRTMAX);
  CHILD_EQUAL(options.realtime_priority, 0);
  track();
  for (int i = 0; i < 20; i++) be_signalled(&guest, 500 * US);
  CHILD_AT_LEAST(statistics().fires, 1);
}

CASE(a_signal_with_a_handler_is_not_chosen) {
  handle(SIGRTMAX, false);
  handle(SIGRTMAX - 1, true);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, 0), WASMSIG_OK);
  CHILD_EQUAL(get_firing().timer_signal, SIGRTMAX - 2);
  track();
  for (int i = 0; i < 20; i++) be_signalled(&guest, 500 * US);
  CHILD_EQUAL(heard, 0);
  CHILD_EQUAL(raise(SIGRTMAX), 0);
  CHILD_EQUAL(raise(SIGRTMAX - 1), 0);
  CHILD_EQUAL(heard, 2);
}

CASE(without_a_free_signal_there_is_no_timer) {
  for (int i = SIGRTMIN; i <= SIGRTMAX; i++) handle(i, true);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, 0), WASMSIG_EFIRING);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_DEFAULT, 0), WASMSIG_OK);
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
  track();
  be_signalled(&guest, 1 * MS);
  CHILD_EQUAL(heard, 0);
  CHILD_EQUAL(statistics().fires, 0);
}

/* ---------------------------------------------------------------- errors */

static void expect_the_same(wasmsig_firing_options before) {
  wasmsig_firing_options now = get_firing();
  CHILD_EQUAL(now.firing, before.firing);
  CHILD_EQUAL(now.timer_signal, before.timer_signal);
  CHILD_EQUAL(now.realtime_priority, before.realtime_priority);
}

CASE(signals_with_another_meaning_cannot_be_the_timers) {
  const int no[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGTERM, SIGINT, SIGCHLD,
                    SIGALRM, SIGPIPE, SIGHUP,  32,      33};
  const int yes[] = {SIGUSR1, SIGUSR2, SIGPROF,  SIGVTALRM,
                     SIGURG,  SIGIO,   SIGRTMIN, SIGRTMAX};
  wasmsig_firing_options before = get_firing();
  for (unsigned i = 0; i < sizeof no / sizeof *no; i++) {
    CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, no[i]), WASMSIG_EFIRING);
    expect_the_same(before);
  }
  track();
  for (unsigned i = 0; i < sizeof yes / sizeof *yes; i++) {
    CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, yes[i]), WASMSIG_OK);
    CHILD_EQUAL(get_firing().timer_signal, yes[i]);
    be_signalled(&guest, 500 * US);
  }
}

CASE(fields_out_of_range_change_nothing) {
  const wasmsig_firing_options good = WASMSIG_FIRING_OPTIONS_INIT;
  wasmsig_firing_options before = get_firing();
  wasmsig_firing_options bad[] = {good, good, good, good, good, good};
  bad[0].size = 4;
  bad[1].firing = (wasmsig_firing)3;
  bad[2].timer_signal = -1;
  bad[3].timer_signal = WASMSIG_SIGNAL_MAX + 1;
  bad[4].realtime_priority = -1;
  bad[5].realtime_priority = 100;
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHILD_EQUAL(wasmsig_set_firing(&bad[i]), WASMSIG_EINVAL);
    expect_the_same(before);
  }
  CHILD_EQUAL(wasmsig_set_firing(NULL), WASMSIG_EINVAL);
  CHILD_EQUAL(wasmsig_get_firing(NULL), WASMSIG_EINVAL);
  CHILD_EQUAL(wasmsig_get_firing(&bad[0]), WASMSIG_EINVAL);
  CHILD_EQUAL(bad[0].firing, WASMSIG_FIRING_DEFAULT);
}

static void *be_refused(void *unused) {
  (void)unused;
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_WATCHDOG, 0), WASMSIG_EBUSY);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, SIGUSR1), WASMSIG_EBUSY);
  return NULL;
}

CASE(while_a_section_runs_firing_does_not_change) {
  wasmsig_budget budget;
  track();
  make(&budget, &guest, NULL, 5 * MS, NONE);
  wasmsig_firing_options before = get_firing();
  enter(&budget);
  be_refused(NULL);
  join(start_thread(be_refused, NULL));
  expect_the_same(before);
  poll_until_told(&guest);
  LEFT(&budget, SIGNALLED);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_WATCHDOG, 0), WASMSIG_OK);
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
}

CASE(firing_can_be_changed_between_sections) {
  track();
  for (int i = 0; i < 10; i++) {
    CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, SIGRTMIN + i), WASMSIG_OK);
    CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_TIMER);
    CHILD_EQUAL(get_firing().timer_signal, SIGRTMIN + i);
    be_signalled(&guest, 1 * MS);
    CHILD_EQUAL(set_firing(WASMSIG_FIRING_WATCHDOG, 0), WASMSIG_OK);
    CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
    uint64_t fires = statistics().fires;
    be_signalled(&guest, 1 * MS);
    /* At most one that was on its way. */
    CHILD_ASSERT(statistics().fires - fires <= 1);
  }
}

/* --------------------------------------------------------------- chained */

#if !UNDER_TSAN /* which keeps one signal of a number waiting and drops others \
                 */
static void wait_until_heard(unsigned count) {
  while (wsig_load_relaxed(&heard) < count) continue;
}

/* What is not our timer's, while our timer fires too. */
static unsigned send_everything(int signal_number, bool with_info) {
  unsigned sent = heard;
  CHILD_EQUAL(kill(getpid(), signal_number), 0);
  wait_until_heard(++sent);
  if (with_info) CHILD_EQUAL(heard_code, SI_USER);
  CHILD_EQUAL(sigqueue(getpid(), signal_number, (union sigval){4711}), 0);
  wait_until_heard(++sent);
  if (with_info) CHILD_EQUAL(heard_code, SI_QUEUE);
  if (with_info) CHILD_EQUAL(heard_value, 4711);
  CHILD_EQUAL(pthread_kill(pthread_self(), signal_number), 0);
  wait_until_heard(++sent);
  if (with_info) CHILD_EQUAL(heard_code, SI_TKILL);
  timer_t timer = timer_of_this_thread(signal_number, 42);
  timer_start(timer, 200 * US, 0);
  wait_until_heard(++sent);
  if (with_info) CHILD_EQUAL(heard_code, SI_TIMER);
  if (with_info) CHILD_EQUAL(heard_value, 42);
  CHILD_EQUAL(timer_delete(timer), 0);
  return sent;
}

static void chain(int signal_number, bool with_info) {
  wasmsig_budget budget;
  unsigned sent = 0;
  heard = 0;
  track();
  handle(signal_number, with_info);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, signal_number), WASMSIG_OK);
  CHILD_EQUAL(get_firing().timer_signal, signal_number);
  make(&budget, &guest, NULL, 300 * US, NONE);
  for (int i = 0; i < 50; i++) {
    enter(&budget);
    sent = send_everything(signal_number, with_info);
    poll_until_told(&guest);
    LEFT(&budget, SIGNALLED);
    CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
  }
  CHILD_EQUAL(heard, sent);
  CHILD_AT_LEAST(statistics().fires, 1);
}

CASE(an_earlier_handler_receives_all_signals_but_our_timers) {
  chain(SIGRTMIN + 3, false);
}

CASE(an_earlier_handler_receives_the_siginfo_of_each_signal) {
  chain(SIGRTMIN + 4, true);
}
#endif

CASE(an_ignored_signal_stays_ignored_for_others) {
  track();
  signal(SIGUSR1, SIG_IGN);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, SIGUSR1), WASMSIG_OK);
  be_signalled(&guest, 1 * MS);
  CHILD_EQUAL(kill(getpid(), SIGUSR1), 0);
  CHILD_EQUAL(raise(SIGUSR1), 0);
  be_signalled(&guest, 1 * MS);
}

#if !UNDER_TSAN /* after a handler in a handler, gcc 12's blocks all signals \
                 */
CASE(timers_of_the_caller_with_other_signals_continue) {
  enum { SHOTS = 200 };
  wasmsig_budget budget;
  track();
  handle(SIGRTMIN + 5, true);
  timer_t timer = timer_of_this_thread(SIGRTMIN + 5, 7);
  make(&budget, &guest, NULL, 300 * US, NONE);
  for (unsigned shot = 1; shot <= SHOTS; shot++) {
    enter(&budget);
    timer_start(timer, 250 * US, 0);
    wait_until_heard(shot);
    poll_until_told(&guest);
    LEFT(&budget, SIGNALLED);
    CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
  }
  sleep_ns(5 * MS);
  CHILD_EQUAL(heard, SHOTS);
  CHILD_EQUAL(heard_value, 7);
}
#endif

/* --------------------------------------------------- the signal is blocked */

static void mask(int how) {
  sigset_t all;
  sigfillset(&all);
  CHILD_EQUAL(pthread_sigmask(how, &all, NULL), 0);
}

static void *be_told_blocked(void *unused) {
  (void)unused;
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
  for (int i = 0; i < 5; i++) be_signalled(&guest, 1 * MS);
  return NULL;
}

CASE(a_thread_that_blocks_the_signal_is_checked_by_the_watchdog) {
  track();
  mask(SIG_BLOCK);
  join(start_thread(be_told_blocked, NULL)); /* the mask is inherited */
  mask(SIG_UNBLOCK);
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_TIMER);
  be_signalled(&guest, 1 * MS);
}

CASE(a_thread_that_blocks_the_signal_inside_a_section_is_signalled) {
  wasmsig_budget budget;
  struct engine engine = {0};
  track();
  make(&budget, &guest, &engine, 5 * MS, 8 * MS);
  for (int i = 0; i < 5; i++) {
    enter(&budget);
    mask(SIG_BLOCK);
    poll_until_told(&guest);
    CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget), 5 * MS);
    if (i % 2) mask(SIG_UNBLOCK);
    stand_until_killed(&engine);
    CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget), 8 * MS);
    LEFT(&budget, KILLED);
    mask(SIG_UNBLOCK);
    CHILD_EQUAL(engine.requested, 0);
    CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
  }
  be_signalled(&guest, 1 * MS);
}

/* ------------------------------------------- the program waits for signals */

/* What comes to a program that takes all real-time signals by sigtimedwait, as
 * by signalfd, until it is quiet for a while. */
static unsigned take_waiting(int code) {
  unsigned count = 0;
  sigset_t some;
  siginfo_t info;
  const struct timespec a_while = {0, 20000000};
  sigemptyset(&some);
  for (int i = SIGRTMIN; i <= SIGRTMAX; i++) sigaddset(&some, i);
  while (sigtimedwait(&some, &info, &a_while) > 0)
    if (info.si_code == code) count++;
  return count;
}

static void block(int signal_number) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal_number);
  CHILD_EQUAL(pthread_sigmask(SIG_BLOCK, &one, NULL), 0);
}

CASE(a_signal_that_the_program_waits_for_is_not_chosen) {
  block(SIGRTMAX);
  block(SIGRTMAX - 1);
  track();
  for (int i = 0; i < 5; i++) be_signalled(&guest, 1 * MS);
  CHILD_EQUAL(get_firing().timer_signal, SIGRTMAX - 2);
  CHILD_EQUAL(sigqueue(getpid(), SIGRTMAX, (union sigval){4711}), 0);
  CHILD_EQUAL(take_waiting(SI_TIMER), 0);
}

CASE(a_program_that_waits_for_all_signals_receives_none_of_ours) {
  track();
  mask(SIG_BLOCK);
  for (int i = 0; i < 5; i++) be_signalled(&guest, 1 * MS);
  CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
  CHILD_EQUAL(sigqueue(getpid(), SIGRTMAX, (union sigval){4711}), 0);
  CHILD_EQUAL(take_waiting(SI_TIMER), 0);
  CHILD_EQUAL(statistics().fires, 0);
}

/* The signal is chosen, and this thread has a timer. */
CASE(a_thread_that_blocks_the_signal_later_sets_no_timer) {
  wasmsig_budget budget;
  track();
  make(&budget, &guest, NULL, 5 * MS, NONE);
  be_signalled(&guest, 1 * MS);
  int ours = get_firing().timer_signal;
  for (int i = 0; i < 3; i++) {
    block(ours);
    for (int j = 0; j < 3; j++) be_signalled(&guest, 1 * MS);
    CHILD_EQUAL(take_waiting(SI_TIMER), 0);
    CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_WATCHDOG);
    mask(SIG_UNBLOCK);
    CHILD_EQUAL(get_firing().firing, WASMSIG_FIRING_TIMER);
    sleep_ns(11 * MS); /* its mask is read again */
    uint64_t fires = statistics().fires;
    for (int j = 0; j < 20 && statistics().fires == fires; j++)
      be_signalled(&guest, 1 * MS);
    CHILD_AT_LEAST(statistics().fires, fires + 1);
  }
}

/* As under an emulator that has the highest for itself. */
int __real_sigaction(int signal_number, const struct sigaction *action,
                     struct sigaction *before);
int __wrap_sigaction(int signal_number, const struct sigaction *action,
                     struct sigaction *before);
static int kept_for_others; /* and all above */

int __wrap_sigaction(int signal_number, const struct sigaction *action,
                     struct sigaction *before) {
  if (action && kept_for_others && signal_number >= kept_for_others) {
    errno = EINVAL;
    return -1;
  }
  return __real_sigaction(signal_number, action, before);
}

CASE(a_signal_that_the_system_refuses_is_not_chosen) {
  kept_for_others = SIGRTMAX - 1;
  CHILD_EQUAL(get_firing().timer_signal, SIGRTMAX - 2);
  track();
  for (int i = 0; i < 5; i++) be_signalled(&guest, 1 * MS);
}

/* -------------------------------------------------- our handler is replaced */

CASE(a_program_that_takes_the_signal_is_still_signalled) {
  track();
  be_signalled(&guest, 1 * MS);
  int ours = get_firing().timer_signal;
  handle(ours, true);
  for (int i = 0; i < 5; i++) be_signalled(&guest, 1 * MS);
  signal(ours, SIG_IGN);
  for (int i = 0; i < 5; i++) be_signalled(&guest, 1 * MS);
}

CASE(a_program_that_takes_the_signal_inside_a_section_is_still_signalled) {
  wasmsig_budget budget;
  track();
  make(&budget, &guest, NULL, 5 * MS, NONE);
  int ours = get_firing().timer_signal;
  enter(&budget);
  handle(ours, false);
  poll_until_told(&guest);
  LEFT(&budget, SIGNALLED);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget), 5 * MS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      PLAIN(by_default_the_timer_has_the_highest_real_time_signal),
      PLAIN(a_signal_with_a_handler_is_not_chosen),
      PLAIN(without_a_free_signal_there_is_no_timer),
      PLAIN(signals_with_another_meaning_cannot_be_the_timers),
      BY_BOTH(fields_out_of_range_change_nothing),
      BY_TIMER(while_a_section_runs_firing_does_not_change),
      PLAIN(firing_can_be_changed_between_sections),
#if !UNDER_TSAN
      PLAIN(an_earlier_handler_receives_all_signals_but_our_timers),
      PLAIN(an_earlier_handler_receives_the_siginfo_of_each_signal),
#endif
      PLAIN(an_ignored_signal_stays_ignored_for_others),
#if !UNDER_TSAN /* after a handler in a handler, gcc 12's blocks all signals \
                 */
      BY_BOTH(timers_of_the_caller_with_other_signals_continue),
#endif
      BY_TIMER(a_thread_that_blocks_the_signal_is_checked_by_the_watchdog),
      BY_BOTH(a_thread_that_blocks_the_signal_inside_a_section_is_signalled),
      PLAIN(a_signal_that_the_program_waits_for_is_not_chosen),
      PLAIN(a_program_that_waits_for_all_signals_receives_none_of_ours),
      BY_TIMER(a_thread_that_blocks_the_signal_later_sets_no_timer),
      PLAIN(a_signal_that_the_system_refuses_is_not_chosen),
      BY_TIMER(a_program_that_takes_the_signal_is_still_signalled),
      BY_TIMER(
          a_program_that_takes_the_signal_inside_a_section_is_still_signalled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
