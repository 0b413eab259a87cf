/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What others do at the worst moment: sleeps that leave no time for signals of
 * ours, hosts that wait in an undo, forks between two instructions of an enter,
 * handlers over ours and under ours, resets that race with a limit.
 */
#include "real_clock.h"

#include <sys/wait.h>

static struct guest guest;
static struct engine engine;

/* ----------------------------------------------------------------- sleeps */

static int ends_of_pipe[2];

static void *write_later(void *unused) {
  (void)unused;
  sleep_ns(200 * MS);
  CHILD_EQUAL(write(ends_of_pipe[1], "x", 1), 1);
  return NULL;
}

/* Each signal would be charged to the section, and bring the next one nearer.
 */
CASE(a_section_asleep_with_little_left_is_not_interrupted_again_and_again) {
  const uint64_t limits_ns[] = {400 * US, 600 * US, 1000 * US};
  wasmsig_budget budget;
  char byte;
  guest_track(&guest, registry);
  CHILD_EQUAL(pipe(ends_of_pipe), 0);
  be_signalled(&guest, 1 * MS); /* everything has been used once */
  for (size_t i = 0; i < 3; i++) {
    make(&budget, &guest, NULL, limits_ns[i], NONE);
    pthread_t writer = start_thread(write_later, NULL);
    uint64_t before = statistics().fires;
    enter(&budget);
    CHILD_EQUAL(read(ends_of_pipe[0], &byte, 1), 1);
    uint64_t fires = statistics().fires - before;
    int outcome = wasmsig_budget_leave(&budget);
    join(writer);
    CHILD_ASSERT(fires <= 5);
    if (!UNDER_TSAN) CHILD_EQUAL(outcome, WASMSIG_LEFT_READY);
  }
}

/* ------------------------------------------------------------------ undos */

static pthread_mutex_t engine_lock = PTHREAD_MUTEX_INITIALIZER;
static int undo_waits, other_has_lock; /* atomic */

static void undo_under_lock(void *context) {
  wsig_store_release(&undo_waits, 1);
  while (!wsig_load_acquire(&other_has_lock)) sleep_ns(1 * MS);
  pthread_mutex_lock(&engine_lock);
  undo_engine(context);
  pthread_mutex_unlock(&engine_lock);
}

static void *enter_under_lock(void *unused) {
  (void)unused;
  while (!wsig_load_acquire(&undo_waits)) sleep_ns(1 * MS);
  pthread_mutex_lock(&engine_lock);
  wsig_store_release(&other_has_lock, 1);
  sleep_ns(10 * MS);
  be_signalled(&guest, 2 * MS); /* its first section */
  pthread_mutex_unlock(&engine_lock);
  return NULL;
}

CASE(an_undo_may_wait_for_a_thread_that_enters) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  wasmsig_budget_options options = limits_of(NULL, &engine, NONE, 5 * MS);
  options.undo = undo_under_lock;
  CHILD_EQUAL(wasmsig_budget_init(&budget, &options), WASMSIG_OK);
  pthread_t other = start_thread(enter_under_lock, NULL);
  enter(&budget);
  stand_until_killed(&engine);
  LEFT(&budget, KILLED);
  join(other);
}

static pthread_mutex_t forks_lock = PTHREAD_MUTEX_INITIALIZER;
static int kill_waits; /* atomic */

static void kill_under_lock(void *context) {
  wsig_store_release(&kill_waits, 1);
  pthread_mutex_lock(&forks_lock);
  kill_engine(context);
  pthread_mutex_unlock(&forks_lock);
}

static void *stand_in_a_section(void *unused) {
  (void)unused;
  wasmsig_budget budget;
  wasmsig_budget_options options = limits_of(NULL, &engine, NONE, 5 * MS);
  options.kill = kill_under_lock;
  CHILD_EQUAL(wasmsig_budget_init(&budget, &options), WASMSIG_OK);
  enter(&budget);
  stand_until_killed(&engine);
  LEFT(&budget, KILLED);
  return NULL;
}

CASE(a_fork_waits_for_no_kill) {
  pthread_mutex_lock(&forks_lock);
  pthread_t thread = start_thread(stand_in_a_section, NULL);
  while (!wsig_load_acquire(&kill_waits)) sleep_ns(1 * MS);
  pid_t child = fork();
  if (child == 0) _exit(0);
  CHILD_EQUAL(waitpid(child, NULL, 0), child);
  pthread_mutex_unlock(&forks_lock);
  join(thread);
}

/* ------------------------------------------------------------------ forks */

#define SPINNERS 3
static wasmsig_budget spun[SPINNERS];
static int stop; /* atomic */

static void *enter_and_leave(void *argument) {
  wasmsig_budget *budget = argument;
  while (!wsig_load_acquire(&stop)) {
    enter(budget);
    LEFT(budget, READY);
  }
  return NULL;
}

CASE(a_child_may_destroy_a_budget_that_another_thread_was_about_to_enter) {
  pthread_t threads[SPINNERS];
  for (int i = 0; i < SPINNERS; i++) {
    make(&spun[i], NULL, NULL, 100000 * MS, NONE);
    threads[i] = start_thread(enter_and_leave, &spun[i]);
  }
  for (int forks = 0; forks < 200; forks++) {
    int status;
    pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < SPINNERS; i++)
        if (wasmsig_budget_destroy(&spun[i]) != WASMSIG_OK) _exit(1);
      _exit(0);
    }
    CHILD_EQUAL(waitpid(child, &status, 0), child);
    CHILD_EQUAL(status, 0);
  }
  wsig_store_release(&stop, 1);
  for (int i = 0; i < SPINNERS; i++) join(threads[i]);
}

/* --------------------------------------------------------------- handlers */

#if !UNDER_TSAN /* after a handler in a handler, gcc 12's blocks all signals \
                 */
static struct sigaction ours;
static unsigned nested; /* atomic */
static wasmsig_budget of_the_handler;

static void call_ours(int signal_number, siginfo_t *info, void *ucontext) {
  ours.sa_sigaction(signal_number, info, ucontext);
}

static void enter_in_handler(int unused) {
  (void)unused;
  if (wasmsig_budget_enter(&of_the_handler) == WASMSIG_OK)
    wasmsig_budget_leave(&of_the_handler);
  wsig_add_relaxed(&nested, 1);
}

static void *disturb(void *argument) {
  pthread_t victim = *(pthread_t *)argument;
  while (!wsig_load_acquire(&stop)) {
    pthread_kill(victim, SIGUSR2);
    for (volatile int i = 0; i < 1000; i++) continue;
  }
  return NULL;
}

/* It leaves other signals open, so that a handler may interrupt ours in it. */
CASE(a_handler_over_ours_may_be_interrupted_by_one_that_enters) {
  wasmsig_budget budget;
  pthread_t self = pthread_self();
  struct sigaction over = {.sa_flags = SA_SIGINFO | SA_RESTART};
  struct sigaction other = {.sa_flags = SA_RESTART};
  make(&of_the_handler, NULL, NULL, 100000 * MS, NONE);
  make(&budget, NULL, NULL, 60 * US, NONE);
  enter(&budget); /* chooses the timers' signal */
  wasmsig_budget_leave(&budget);
  CHILD_EQUAL(sigaction(get_firing().timer_signal, NULL, &ours), 0);
  over.sa_sigaction = call_ours;
  CHILD_EQUAL(sigaction(get_firing().timer_signal, &over, NULL), 0);
  other.sa_handler = enter_in_handler;
  CHILD_EQUAL(sigaction(SIGUSR2, &other, NULL), 0);
  pthread_t thread = start_thread(disturb, &self);
  for (int i = 0; i < 3000; i++) {
    CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
    enter(&budget);
    burn(80 * US);
    wasmsig_budget_leave(&budget);
  }
  wsig_store_release(&stop, 1);
  join(thread);
  CHILD_ASSERT(wsig_load_relaxed(&nested) > 0);
}
#endif

static unsigned heard; /* atomic */
static void receive(int unused) {
  (void)unused;
  wsig_add_relaxed(&heard, 1);
}

CASE(a_timers_signal_that_is_forwarded_too_reaches_no_guest) {
  uint64_t deliveries;
  guest_track(&guest, registry);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, SIGUSR1), WASMSIG_OK);
  CHILD_EQUAL(wasmsig_forward_start(SIGUSR1, 2), WASMSIG_OK);
  uint64_t before = statistics().fires;
  for (int i = 0; i < 5; i++) be_signalled(&guest, 1 * MS);
  CHILD_ASSERT(statistics().fires > before);
  CHILD_EQUAL(wasmsig_forward_last(SIGUSR1, &deliveries, NULL), WASMSIG_OK);
  CHILD_EQUAL(deliveries, 0);
  raise(SIGUSR1); /* and a real one does */
  CHILD_EQUAL(guest_signal(&guest), SIGUSR1);
}

CASE(a_one_shot_handler_does_not_remove_ours) {
  struct sigaction once = {.sa_flags = (int)SA_RESETHAND};
  guest_track(&guest, registry);
  once.sa_handler = receive;
  CHILD_EQUAL(sigaction(SIGUSR1, &once, NULL), 0);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, SIGUSR1), WASMSIG_OK);
  raise(SIGUSR1);
  CHILD_EQUAL(wsig_load_relaxed(&heard), 1);
  for (int i = 0; i < 5; i++) be_signalled(&guest, 1 * MS);
}

static sigset_t blocked_then;

static void note_mask(int signal) {
  (void)signal;
  pthread_sigmask(SIG_BLOCK, NULL, &blocked_then);
}

/* sigaction(2): its sa_mask, and its own signal. */
CASE(a_handler_that_ours_replaced_runs_with_its_own_mask) {
  struct sigaction theirs = {.sa_handler = note_mask};
  sigemptyset(&theirs.sa_mask);
  sigaddset(&theirs.sa_mask, SIGHUP);
  CHILD_EQUAL(sigaction(SIGUSR1, &theirs, NULL), 0);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, SIGUSR1), WASMSIG_OK);
  raise(SIGUSR1);
  for (int each = 1; each <= WASMSIG_SIGNAL_MAX; each++)
    CHILD_EQUAL(sigismember(&blocked_then, each),
                each == SIGHUP || each == SIGUSR1);
}

CASE(a_signal_that_is_ignored_with_any_flags_stays_ignored) {
  struct sigaction ignored = {.sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
  ignored.sa_handler = SIG_IGN;
  guest_track(&guest, registry);
  CHILD_EQUAL(sigaction(SIGUSR1, &ignored, NULL), 0);
  CHILD_EQUAL(set_firing(WASMSIG_FIRING_TIMER, SIGUSR1), WASMSIG_OK);
  raise(SIGUSR1);
  raise(SIGUSR1);
  be_signalled(&guest, 1 * MS);
}

/* ------------------------------------------------------------------ resets */

static wasmsig_budget reset_by_the_other;
static unsigned round_begun, round_reset, round_over; /* atomic */

static void *reset_at_the_limit(void *unused) {
  (void)unused;
  for (unsigned round = 1; round <= 2000; round++) {
    while (wsig_load_acquire(&round_over) < round - 1) continue;
    enter(&reset_by_the_other);
    burn(12 * US);
    while (wasmsig_budget_get_state(&reset_by_the_other) !=
           WASMSIG_BUDGET_SIGNALLED)
      continue;
    LEFT(&reset_by_the_other, SIGNALLED);
    wsig_store_release(&round_reset, 2 * round - 1); /* ready */
    while (wsig_load_acquire(&round_begun) < round) continue;
    burn((30 + round % 40) * US);
    CHILD_EQUAL(wasmsig_budget_reset(&reset_by_the_other, NULL), WASMSIG_OK);
    wsig_store_release(&round_reset, 2 * round);
  }
  return NULL;
}

/* Both mean the same signal for the same guests. */
CASE(a_reset_loses_no_signal_of_a_section_in_another_thread) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  make(&budget, &guest, NULL, 50 * US, NONE);
  make(&reset_by_the_other, &guest, NULL, 10 * US, NONE);
  pthread_t other = start_thread(reset_at_the_limit, NULL);
  for (unsigned round = 1; round <= 2000; round++) {
    while (wsig_load_acquire(&round_reset) < 2 * round - 1) continue;
    enter(&budget);
    wsig_store_release(&round_begun, round);
    while (wsig_load_acquire(&round_reset) < 2 * round) continue;
    burn(60 * US);
    poll_until_told(&guest); /* or an alarm ends it */
    LEFT(&budget, SIGNALLED);
    CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
    wsig_store_release(&round_over, round);
  }
  join(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BY_BOTH(
          a_section_asleep_with_little_left_is_not_interrupted_again_and_again),
      BY_BOTH(an_undo_may_wait_for_a_thread_that_enters),
      BY_BOTH(a_fork_waits_for_no_kill),
      BY_BOTH(
          a_child_may_destroy_a_budget_that_another_thread_was_about_to_enter),
#if !UNDER_TSAN
      BY_TIMER(a_handler_over_ours_may_be_interrupted_by_one_that_enters),
#endif
      PLAIN(a_timers_signal_that_is_forwarded_too_reaches_no_guest),
      PLAIN(a_one_shot_handler_does_not_remove_ours),
      PLAIN(a_handler_that_ours_replaced_runs_with_its_own_mask),
      PLAIN(a_signal_that_is_ignored_with_any_flags_stays_ignored),
      BY_BOTH(a_reset_loses_no_signal_of_a_section_in_another_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
