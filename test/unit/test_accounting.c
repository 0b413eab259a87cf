/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a section is charged, against the thread's CPU clock: each section lies
 * between two readings inside and two readings outside of it, and is charged
 * no less than the one pair and no more than the other. That holds however the
 * thread is scheduled. So it must with restartable sequences (rseq), without
 * them, where other code in the thread uses them too, and with the mark in the
 * field that such code leaves alone.
 */
#include "budgets/thread.h"
#include "real_clock.h"
#include "signals/registry.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define SECTIONS 50000u

static struct guest guest;
static struct engine engine;

static void spin(unsigned turns) {
  for (volatile unsigned i = 0; i < turns; i++) continue;
}

/* So many turns take about a microsecond of CPU. */
static unsigned turns_in_a_us(void) {
  uint64_t begin = thread_cpu_ns();
  spin(1000000);
  return (unsigned)(1000000 * US / (thread_cpu_ns() - begin)) + 1;
}

/* --------------------------------------------------------------- brackets */

/* Readings inside and outside of sections, added up. */
struct bracket {
  uint64_t least_ns, most_ns;
  uint64_t least_begin, most_begin;
};

static void bracket_enter(struct bracket *bracket, wasmsig_budget *budget) {
  bracket->most_begin = thread_cpu_ns();
  enter(budget);
  bracket->least_begin = thread_cpu_ns();
}

static void bracket_leave(struct bracket *bracket, wasmsig_budget *budget) {
  bracket->least_ns += thread_cpu_ns() - bracket->least_begin;
  LEFT(budget, READY);
  bracket->most_ns += thread_cpu_ns() - bracket->most_begin;
}

static void expect_within(uint64_t used_ns, const struct bracket *bracket,
                          uint64_t slack_ns) {
  printf("used %.1f us of %.1f .. %.1f us\n", (double)used_ns / 1e3,
         (double)bracket->least_ns / 1e3, (double)bracket->most_ns / 1e3);
  CHILD_AT_LEAST(used_ns + slack_ns, bracket->least_ns);
  CHILD_AT_LEAST(bracket->most_ns + slack_ns, used_ns);
}

/* ----------------------------------------------------------- many sections */

/* Sections of 1 to 10 us, each between its readings; one per cent is allowed
 * where the header allows nothing that adds up. */
static void charge_many(unsigned sections) {
  wasmsig_budget outer, inner;
  struct bracket each = {0}, all = {0};
  unsigned us = turns_in_a_us();
  make(&outer, NULL, NULL, 600000 * MS, NONE);
  make(&inner, NULL, NULL, 300000 * MS, NONE);
  bracket_enter(&all, &outer);
  for (unsigned i = 0; i < sections; i++) {
    bracket_enter(&each, &inner);
    spin((1 + i % 10) * us);
    bracket_leave(&each, &inner);
  }
  bracket_leave(&all, &outer);
  uint64_t used = wasmsig_budget_used_ns(&inner);
  expect_within(used, &each, used / 100);
  used = wasmsig_budget_used_ns(&outer);
  expect_within(used, &all, 20 * US + used / 1000);
  CHILD_EQUAL(wasmsig_budget_destroy(&inner), WASMSIG_OK);
  CHILD_EQUAL(wasmsig_budget_destroy(&outer), WASMSIG_OK);
}

/* The same without a system call in between, as hosts enter and leave. */
static void charge_many_back_to_back(unsigned sections) {
  wasmsig_budget outer, inner;
  struct bracket all = {0};
  unsigned us = turns_in_a_us();
  make(&outer, NULL, NULL, 600000 * MS, NONE);
  make(&inner, NULL, NULL, 300000 * MS, NONE);
  bracket_enter(&all, &outer);
  for (unsigned i = 0; i < sections; i++) {
    enter(&inner);
    spin((1 + i % 10) * us);
    LEFT(&inner, READY);
  }
  bracket_leave(&all, &outer);
  uint64_t used = wasmsig_budget_used_ns(&outer);
  expect_within(used, &all, 20 * US + used / 1000);
  CHILD_AT_LEAST(used + used / 100, wasmsig_budget_used_ns(&inner));
}

CASE(many_short_sections_are_charged_what_they_use) { charge_many(SECTIONS); }

CASE(many_sections_back_to_back_are_charged_what_they_use) {
  charge_many_back_to_back(SECTIONS);
}

/* Another process on this thread's processor: it is preempted all the time. */
static pid_t start_hog(void) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((size_t)sched_getcpu(), &one);
  CHILD_EQUAL(sched_setaffinity(0, sizeof one, &one), 0);
  pid_t hog = fork();
  CHILD_ASSERT(hog >= 0);
  if (hog == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(PATIENCE_S);
    for (;;) continue;
  }
  return hog;
}

static void end_hog(pid_t hog) {
  CHILD_EQUAL(kill(hog, SIGKILL), 0);
  CHILD_EQUAL(waitpid(hog, NULL, 0), hog);
}

CASE(sections_that_are_preempted_are_charged_what_they_use) {
  pid_t hog = start_hog();
  charge_many(SECTIONS / 2);
  charge_many_back_to_back(SECTIONS / 2);
  end_hog(hog);
}

CASE(sections_that_sleep_are_not_charged_for_it) {
  wasmsig_budget outer, inner;
  struct bracket each = {0}, all = {0};
  make(&outer, NULL, NULL, 60000 * MS, NONE);
  make(&inner, NULL, NULL, 30000 * MS, NONE);
  bracket_enter(&all, &outer);
  for (int i = 0; i < 300; i++) {
    bracket_enter(&each, &inner);
    usleep(500);
    bracket_leave(&each, &inner);
  }
  bracket_leave(&all, &outer);
  expect_within(wasmsig_budget_used_ns(&inner), &each, 300 * SLACK_NS / 2);
  expect_within(wasmsig_budget_used_ns(&outer), &all, 20 * US);
}

/* What may be taken back when the counter is held against the CPU clock, each
 * ms: a hypervisor that takes the processor for less than 5 us goes unnoticed
 * till then (host.h), and on a busy machine it does so more than once. */
#define TAKEN_BACK_NS (100 * US)

CASE(used_ns_inside_a_section_decreases_by_a_correction_at_most) {
  wasmsig_budget budget;
  make(&budget, NULL, NULL, 60000 * MS, NONE);
  enter(&budget);
  uint64_t before = 0, begin = thread_cpu_ns();
  for (unsigned i = 0; i < SECTIONS; i++) {
    uint64_t used = wasmsig_budget_used_ns(&budget);
    CHILD_AT_LEAST(used + TAKEN_BACK_NS, before);
    before = used;
  }
  CHILD_AT_LEAST(before + SLACK_NS, thread_cpu_ns() - begin - 1 * MS);
  LEFT(&budget, READY);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget) + TAKEN_BACK_NS, before);
}

/* ------------------------------------------------------------- without rseq */

static void do_everything(void) {
  guest_track(&guest, registry);
  for (int i = 0; i < 20; i++) be_signalled(&guest, 1 * MS);
  for (int i = 0; i < 20; i++) be_killed(&engine, 1 * MS);
  charge_many(SECTIONS / 20);
  charge_many_back_to_back(SECTIONS / 20);
  pid_t child = fork();
  CHILD_ASSERT(child >= 0);
  if (child == 0) {
    be_signalled(&guest, 1 * MS);
    _exit(0);
  }
  int status;
  CHILD_EQUAL(waitpid(child, &status, 0), child);
  CHILD_EQUAL(status, 0);
}

#define RSEQ_OFF "GLIBC_TUNABLES=glibc.pthread.rseq=0"

/* The program itself, in a process that has no rseq: see main(). */
static void start_again_without_rseq(void) {
  char *arguments[] = {"test_accounting", by_timer() ? "--timer" : "--watchdog",
                       NULL};
  CHILD_EQUAL(putenv(RSEQ_OFF), 0);
  fflush(NULL);
  execv("/proc/self/exe", arguments);
  CHILD_EQUAL(errno, 0);
}

CASE(without_rseq_sections_are_charged_the_same) { start_again_without_rseq(); }

static void run_without_rseq(void) {
  CHILD_EQUAL(__rseq_size, 0);
  do_everything();
}

static int main_without_rseq(const char *firing) {
  alarm(PATIENCE_S);
  this_case.body = run_without_rseq;
  this_case.firing = strcmp(firing, "--timer") == 0 ? WASMSIG_FIRING_TIMER
                                                    : WASMSIG_FIRING_WATCHDOG;
  run_body();
  _exit(0);
}

/* ------------------------------------------------ rseq used by other code */

/* A critical section that no code is ever in; the kernel checks the signature
 * before the abort handler, and then forgets the section. */
static const uint32_t abort_code[2] = {RSEQ_SIG, 0};
static struct rseq_cs foreign __attribute__((aligned(32)));

static struct rseq *rseq_area(void) {
  return (struct rseq *)((uintptr_t)__builtin_thread_pointer() +
                         (uintptr_t)__rseq_offset);
}

static void use_rseq(void) {
  foreign.start_ip = (uintptr_t)&abort_code[1] + 64;
  foreign.post_commit_offset = 4;
  foreign.abort_ip = (uintptr_t)&abort_code[1];
  wsig_store_relaxed(&rseq_area()->rseq_cs, (uintptr_t)&foreign);
}

/* Sections of 1 to `most_us` microseconds. */
static void charge_beside_other_code(unsigned sections, unsigned most_us) {
  wasmsig_budget budget;
  struct bracket bracket = {0};
  unsigned us = turns_in_a_us();
  make(&budget, NULL, NULL, 60000 * MS, NONE);
  pid_t hog = start_hog();
  for (unsigned i = 0; i < sections; i++) {
    if (i % 3 == 0) use_rseq();
    bracket_enter(&bracket, &budget);
    if (i % 3 == 1) use_rseq();
    spin((1 + i % most_us) * us);
    if (i % 3 == 2) use_rseq();
    bracket_leave(&bracket, &budget);
  }
  end_hog(hog);
  uint64_t used = wasmsig_budget_used_ns(&budget);
  expect_within(used, &bracket, used / 100);
  guest_track(&guest, registry);
  for (int i = 0; i < 20; i++) {
    use_rseq();
    be_signalled(&guest, 500 * US);
  }
}

static bool has_rseq(void) {
  if (__rseq_size == 0) printf("not run: this thread has no rseq\n");
  return __rseq_size != 0;
}

CASE(other_code_that_uses_rseq_makes_no_difference) {
  if (has_rseq()) charge_beside_other_code(SECTIONS / 10, 10);
}

/* ------------------------------------------------------ the mark in node_id */

/* How often the clock itself was read. */
static uint64_t clock_reads(void) {
  return wsig_load_relaxed(&wsig_statistics.clock_reads);
}

CASE(with_the_mark_in_node_id_sections_are_charged_the_same) {
  wsig_cpu_clock_use_node_id();
  do_everything();
  pid_t hog = start_hog();
  charge_many(SECTIONS / 10);
  charge_many_back_to_back(SECTIONS / 10);
  end_hog(hog);
  if (has_rseq()) charge_beside_other_code(SECTIONS / 10, 90);
}

/* Other code that uses rseq_cs does not hide that a thread was not switched
 * out: of many sections of some microseconds, few are so interrupted. */
CASE(with_the_mark_in_node_id_the_clock_is_seldom_read) {
  wasmsig_budget budget;
  wsig_cpu_clock_use_node_id();
  if (!has_rseq()) return;
  make(&budget, NULL, NULL, 60000 * MS, NONE);
  /* Until the counter's rate is known. */
  while (!wsig_load_acquire(&wsig_tick_rate.trusted)) {
    enter(&budget);
    LEFT(&budget, READY);
    if (wsig_here->cpu_clock.mark) continue;
    printf("not run: this kernel does not show it\n");
    return;
  }
  uint64_t before = clock_reads();
  for (unsigned i = 0; i < SECTIONS; i++) {
    use_rseq();
    enter(&budget);
    LEFT(&budget, READY);
  }
  CHILD_AT_LEAST(SECTIONS / 10, clock_reads() - before);
}

int main(int count, char **arguments) {
  if (count > 1) return main_without_rseq(arguments[1]);
  const struct CMUnitTest tests[] = {
      BY_BOTH(many_short_sections_are_charged_what_they_use),
      BY_BOTH(many_sections_back_to_back_are_charged_what_they_use),
      BY_BOTH(sections_that_are_preempted_are_charged_what_they_use),
      BY_BOTH(sections_that_sleep_are_not_charged_for_it),
      BY_BOTH(used_ns_inside_a_section_decreases_by_a_correction_at_most),
      BY_BOTH(without_rseq_sections_are_charged_the_same),
      BY_BOTH(other_code_that_uses_rseq_makes_no_difference),
      BY_BOTH(with_the_mark_in_node_id_sections_are_charged_the_same),
      BY_BOTH(with_the_mark_in_node_id_the_clock_is_seldom_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
