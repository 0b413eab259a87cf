/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks that race with the section's own thread: another thread checks in the
 * very moment of a leave or a reset. The clock is moved by hand, so every
 * round is a race. WASMSIG_STRESS_ROUNDS sets the length.
 */
#include "hand_clock.h"

#include <sched.h>

/* A sanitizer makes a round some ten times as long. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
static unsigned rounds = 3000;
#else
static unsigned rounds = 20000;
#endif

/* ---------------------------------------------------------- the other thread
 */

static unsigned requested, checked; /* rounds; atomic */

static void wait_for(const unsigned *round, unsigned number) {
  for (unsigned turn = 0; wsig_load_acquire(round) < number; turn++)
    if (turn > 10000) sched_yield(); /* the other has no processor */
}

static void spin(unsigned turns) {
  for (volatile unsigned i = 0; i < turns; i++) continue;
}

static cpu_set_t processors; /* that this process may use */

/* Puts the calling thread on the n-th of them: side by side two threads race,
 * on the same one they only take turns. */
static void use_processor(int n) {
  cpu_set_t one;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &processors) || n-- > 0) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

static void *check_on_request(void *unused) {
  (void)unused;
  use_processor(1);
  for (unsigned round = 1; round <= rounds; round++) {
    wait_for(&requested, round);
    wsig_watchdog_check_all();
    wsig_store_release(&checked, round);
  }
  return NULL;
}

static pthread_t start_checker(void) {
  pthread_t checker;
  requested = checked = 0;
  if (pthread_create(&checker, NULL, check_on_request, NULL) != 0) abort();
  return checker;
}

/* From here on the other thread may check at any moment. */
static void request_check(unsigned round) {
  wsig_store_release(&requested, round);
  spin(round * 7 % 499);
}

/* --------------------------------------------------------------- kills */

static int kill_requested; /* what the engine would end; atomic */
static unsigned kills, undos;

static void request_kill(void *unused) {
  (void)unused;
  kills++;
  spin(200);
  wsig_store_release(&kill_requested, 1);
}

static void take_request_back(void *unused) {
  (void)unused;
  undos++;
  wsig_store_release(&kill_requested, 0);
}

TEST(a_kill_never_runs_after_leave) {
  wasmsig_budget_options options = limits(NONE, 10 * MS);
  options.kill = request_kill;
  options.undo = take_request_back;
  make_with(&a, options);
  pthread_t checker = start_checker();
  unsigned landed = 0;
  for (unsigned round = 1; round <= rounds; round++) {
    assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
    enter(&a);
    use_unseen(10 * MS);
    request_check(round);
    assert_left(&a, KILLED);
    landed += (unsigned)wsig_load_acquire(&kill_requested);
    wait_for(&checked, round);
    landed += (unsigned)wsig_load_acquire(&kill_requested);
  }
  pthread_join(checker, NULL);
  print_message("%u sections, %u killed while they ran\n", rounds, kills);
  assert_int_equal(landed, 0);
  assert_int_equal(kills, undos);
  assert_true(kills <= rounds);
}

/* -------------------------------------------------------------- signals */

TEST(a_leave_withdraws_no_signal_of_the_section_around_it) {
  make(&a, 5 * MS, NONE);
  make(&b, 1 * MS, NONE);
  pthread_t checker = start_checker();
  unsigned lost = 0;
  for (unsigned round = 1; round <= rounds; round++) {
    assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
    enter(&a);
    enter(&b);
    use(1 * MS);
    use_unseen(4 * MS);
    request_check(round);
    assert_left(&b, SIGNALLED);
    wait_for(&checked, round);
    /* A check that found the lock taken may have been overlooked: the watchdog
     * comes again (watchdog.c, look_at). */
    wsig_watchdog_check_all();
    assert_int_equal(wasmsig_budget_reset(&b, NULL), WASMSIG_OK);
    lost += guest_signal(&guest) != WASMSIG_SIGXCPU;
    assert_left(&a, SIGNALLED);
  }
  pthread_join(checker, NULL);
  print_message("%u leaves\n", rounds);
  assert_int_equal(lost, 0);
}

int main(void) {
  const char *length = getenv("WASMSIG_STRESS_ROUNDS");
  if (length) rounds = (unsigned)strtoul(length, NULL, 10);
  sched_getaffinity(0, sizeof processors, &processors);
  use_processor(0);
  const struct CMUnitTest tests[] = {
      IN_SCENE(a_kill_never_runs_after_leave),
      IN_SCENE(a_leave_withdraws_no_signal_of_the_section_around_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
