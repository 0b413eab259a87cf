/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections on the real clock: how they nest, how code jumps or ends out of
 * them, how handlers enter them, what a fork does to them, and which thread
 * kills.
 */
#include "os/os.h"
#include "real_clock.h"

#include <sys/mman.h>

static struct guest guest;
static struct engine engine;
static wasmsig_budget a, b, c;

static struct wsig_clock clock_that_interrupts;

/* --------------------------------------------------------------- nesting */

#define DEEP 200u
#define FEW 7u

static void expect_only(wasmsig_budget *budgets, unsigned count,
                        const wasmsig_budget *last) {
  size_t level = wasmsig_budget_level();
  for (unsigned i = 0; i < count; i++)
    if (&budgets[i] != last)
      CHILD_EQUAL(wasmsig_budget_leave(&budgets[i]), WASMSIG_EORDER);
  CHILD_EQUAL(wasmsig_budget_level(), level);
}

/* Seven budgets, again and again, in an order without a pattern. */
CASE(only_the_budget_that_was_entered_last_can_be_left) {
  static wasmsig_budget budgets[FEW];
  static wasmsig_budget *entered[DEEP];
  unsigned random = 20261123;
  for (unsigned i = 0; i < FEW; i++)
    make(&budgets[i], NULL, NULL, 100 * MS + i, NONE);
  for (unsigned level = 0; level < DEEP; level++) {
    random = random * 1103515245u + 12345u;
    entered[level] = &budgets[(random >> 16) % FEW];
    CHILD_EQUAL(wasmsig_budget_level(), level);
    enter(entered[level]);
    expect_only(budgets, FEW, entered[level]);
  }
  for (unsigned level = DEEP; level > 0; level--) {
    CHILD_EQUAL(wasmsig_budget_level(), level);
    expect_only(budgets, FEW, entered[level - 1]);
    LEFT(entered[level - 1], READY);
  }
  CHILD_EQUAL(wasmsig_budget_level(), 0);
  expect_only(budgets, FEW, NULL);
  for (unsigned i = 0; i < FEW; i++)
    CHILD_EQUAL(wasmsig_budget_destroy(&budgets[i]), WASMSIG_OK);
}

CASE(two_hundred_budgets_nest_and_each_is_charged) {
  static wasmsig_budget budgets[DEEP];
  guest_track(&guest, registry);
  for (unsigned i = 0; i < DEEP; i++) {
    make(&budgets[i], &guest, NULL, i == DEEP / 2 ? 5 * MS : NONE, NONE);
    enter(&budgets[i]);
  }
  poll_until_told(&guest);
  for (unsigned i = DEEP; i-- > 0;) {
    expect_only(budgets, DEEP, &budgets[i]);
    int outcome = wasmsig_budget_leave(&budgets[i]);
    CHILD_EQUAL(outcome,
                i == DEEP / 2 ? WASMSIG_LEFT_SIGNALLED : WASMSIG_LEFT_READY);
  }
  for (unsigned i = 0; i + 1 < DEEP; i++)
    CHILD_AT_LEAST(wasmsig_budget_used_ns(&budgets[i]) + SLACK_NS,
                   wasmsig_budget_used_ns(&budgets[i + 1]));
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budgets[DEEP / 2]), 5 * MS);
}

/* ------------------------------------------------------------ jumping out */

static jmp_buf outside;

static void enter_three_and_jump(void) {
  enter(&a);
  enter(&b);
  enter(&b);
  enter(&c);
  CHILD_EQUAL(wasmsig_budget_level(), 4);
  longjmp(outside, 1);
}

static void expect_free(wasmsig_budget *budget) {
  CHILD_EQUAL(wasmsig_budget_destroy(budget), WASMSIG_OK);
}

CASE(a_jump_out_of_sections_is_unwound) {
  make(&a, NULL, NULL, 1000 * MS, NONE);
  make(&b, NULL, NULL, 500 * MS, NONE);
  make(&c, NULL, NULL, NONE, NONE);
  for (int i = 0; i < 1000; i++) {
    size_t level = wasmsig_budget_level();
    if (setjmp(outside) == 0) enter_three_and_jump();
    CHILD_EQUAL(wasmsig_budget_unwind(level), WASMSIG_LEFT_READY);
    CHILD_EQUAL(wasmsig_budget_level(), 0);
  }
  CHILD_EQUAL(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  expect_free(&a);
  expect_free(&b);
  expect_free(&c);
}

CASE(unwinding_stops_at_the_requested_level) {
  make(&a, NULL, NULL, 1000 * MS, NONE);
  make(&b, NULL, NULL, NONE, NONE);
  enter(&a);
  if (setjmp(outside) == 0) {
    enter(&b);
    enter(&a);
    enter(&b);
    CHILD_EQUAL(wasmsig_budget_unwind(5), WASMSIG_EINVAL);
    CHILD_EQUAL(wasmsig_budget_unwind(SIZE_MAX), WASMSIG_EINVAL);
    CHILD_EQUAL(wasmsig_budget_level(), 4);
    CHILD_EQUAL(wasmsig_budget_unwind(4), WASMSIG_LEFT_READY);
    CHILD_EQUAL(wasmsig_budget_level(), 4);
    longjmp(outside, 1);
  }
  CHILD_EQUAL(wasmsig_budget_unwind(1), WASMSIG_LEFT_READY);
  CHILD_EQUAL(wasmsig_budget_level(), 1);
  CHILD_EQUAL(wasmsig_budget_destroy(&a), WASMSIG_EBUSY);
  expect_free(&b);
  LEFT(&a, READY);
  CHILD_EQUAL(wasmsig_budget_unwind(0), WASMSIG_LEFT_READY);
  CHILD_EQUAL(wasmsig_budget_unwind(1), WASMSIG_EINVAL);
  expect_free(&a);
}

static void run_into_the_kill(wasmsig_budget *outer, wasmsig_budget *inner) {
  enter(outer);
  enter(inner);
  stand_until_killed(&engine);
  longjmp(outside, 1); /* as a trap would */
}

static void unwind_a_kill(uint64_t outer_ns, uint64_t inner_ns, int outcome) {
  make(&a, NULL, &engine, NONE, outer_ns);
  make(&b, NULL, &engine, NONE, inner_ns);
  if (setjmp(outside) == 0) run_into_the_kill(&a, &b);
  CHILD_EQUAL(wasmsig_budget_unwind(0), outcome);
  CHILD_EQUAL(engine.requested, 0);
  CHILD_EQUAL(engine.undos, 1);
  CHILD_EQUAL(wasmsig_budget_level(), 0);
  expect_free(&a);
  expect_free(&b);
  be_killed(&engine, 1 * MS);
}

CASE(a_kill_of_an_inner_section_is_undone_by_unwinding) {
  unwind_a_kill(60000 * MS, 1 * MS, WASMSIG_LEFT_READY);
}

CASE(a_kill_of_an_outer_section_is_undone_by_unwinding) {
  unwind_a_kill(1 * MS, 60000 * MS, WASMSIG_LEFT_KILLED);
}

/* ---------------------------------------------------- handlers with sections
 */

static unsigned handled, entered, refused; /* atomic */
static uint64_t handler_burns_ns;

static void enter_in_the_handler(int unused) {
  int saved = errno;
  (void)unused;
  int error = wasmsig_budget_enter(&b);
  wsig_add_relaxed(&handled, 1);
  if (error == WASMSIG_OK) {
    if (handler_burns_ns) burn(handler_burns_ns);
    LEFT(&b, READY);
    wsig_add_relaxed(&entered, 1);
  } else {
    CHILD_EQUAL(error, WASMSIG_EHANDLER);
    CHILD_EQUAL(wasmsig_budget_leave(&b), WASMSIG_EHANDLER);
    CHILD_EQUAL(wasmsig_budget_unwind(0), WASMSIG_EHANDLER);
    wsig_add_relaxed(&refused, 1);
  }
  errno = saved;
}

static void handle(int signal_number) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_flags = SA_RESTART;
  action.sa_handler = enter_in_the_handler;
  CHILD_EQUAL(sigaction(signal_number, &action, NULL), 0);
}

CASE(a_section_in_a_handler_is_charged_to_both) {
  make(&a, NULL, NULL, NONE, NONE);
  make(&b, NULL, NULL, NONE, NONE);
  handle(SIGUSR1);
  handler_burns_ns = 1 * MS;
  enter(&a);
  for (unsigned i = 1; i <= 10; i++) {
    CHILD_EQUAL(pthread_kill(pthread_self(), SIGUSR1), 0);
    while (wsig_load_relaxed(&handled) < i) continue;
  }
  CHILD_EQUAL(wasmsig_budget_level(), 1);
  LEFT(&a, READY);
  CHILD_EQUAL(entered, 10);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&b), 10 * MS - 10 * SLACK_NS);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&a) + 10 * SLACK_NS,
                 wasmsig_budget_used_ns(&b));
}

/* After a handler in a handler gcc 12's ThreadSanitizer may block all signals,
 * a hung child's alarm too: a few handlers there, and by the watchdog alone,
 * which has no handler of its own. */
#define HANDLERS (UNDER_TSAN ? 300u : 20000u)
#define STORM_NS ((UNDER_TSAN ? 500 : 30) * US)

/* Whatever the storm interrupts: the guest, or an enter, a leave, a reset. */
CASE(a_handler_that_interrupts_a_call_about_budgets_receives_an_error) {
  guest_track(&guest, registry);
  make(&a, &guest, NULL, 200 * US, NONE);
  make(&b, NULL, NULL, NONE, NONE);
  make(&c, NULL, NULL, 1000 * MS, NONE);
  enter(&c); /* the thread's first section is not a handler's */
  LEFT(&c, READY);
  handle(SIGRTMIN + 6);
  timer_t timer = timer_of_this_thread(SIGRTMIN + 6, 0);
  timer_start(timer, STORM_NS, STORM_NS);
  uint64_t sections = 0;
  while (wsig_load_relaxed(&handled) < HANDLERS ||
         (!UNDER_TSAN && wsig_load_relaxed(&refused) < 20)) {
    enter(&a);
    enter(&c);
    sections += wasmsig_budget_used_ns(&a) != 4711;
    CHILD_EQUAL(wasmsig_budget_level(), 2);
    LEFT(&c, READY);
    CHILD_ASSERT(wasmsig_budget_leave(&a) >= WASMSIG_OK);
    if (sections % 8) continue;
    CHILD_EQUAL(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
    CHILD_EQUAL(wasmsig_budget_reset(&c, NULL), WASMSIG_OK);
  }
  CHILD_EQUAL(timer_delete(timer), 0);
  printf("%llu sections, %u handlers: %u entered, %u refused\n",
         (unsigned long long)sections, handled, entered, refused);
  CHILD_EQUAL(entered + refused, handled);
  CHILD_AT_LEAST(entered, 1);
  CHILD_EQUAL(wasmsig_budget_level(), 0);
  expect_free(&a);
  expect_free(&b);
  expect_free(&c);
}

/* ------------------------------------------------------------ threads' end */

static unsigned nested_in_thread;

static void *end_inside(void *killed) {
  wasmsig_budget *budgets[] = {&a, &b, &c};
  for (unsigned i = 0; i < nested_in_thread; i++) enter(budgets[i]);
  if (killed)
    stand_until_killed(&engine);
  else
    burn(50 * US);
  pthread_exit(NULL);
}

/* Limits: the outermost section is killed if one must be, the innermost is
 * signalled before. */
static void end_threads_inside(bool killed) {
  guest_track(&guest, registry);
  for (unsigned i = 0; i < 200; i++) {
    nested_in_thread = i % 2 ? 3 : 1;
    make(&a, NULL, &engine, NONE, killed ? 300 * US : 60000 * MS);
    make(&b, NULL, &engine, NONE, killed && i % 4 == 3 ? 100 * US : NONE);
    make(&c, &guest, NULL, 60 * US, NONE);
    join(start_thread(end_inside, killed ? &engine : NULL));
    CHILD_EQUAL(engine.requested, 0);
    if (killed) CHILD_AT_LEAST(engine.undos, i + 1);
    if (!killed) CHILD_EQUAL(engine.kills, 0);
    CHILD_AT_LEAST(wasmsig_budget_used_ns(&a), 50 * US - SLACK_NS);
    expect_free(&a);
    expect_free(&b);
    expect_free(&c);
  }
  sleep_ns(5 * MS);
  CHILD_EQUAL(engine.requested, 0);
  CHILD_AT_LEAST(engine.kills, engine.undos);
}

CASE(threads_that_end_inside_sections_leave_them) { end_threads_inside(false); }
CASE(threads_that_end_while_killed_undo_it) { end_threads_inside(true); }

/* --------------------------------- handlers as threads begin and end */

static int entered_in_handler; /* what the enter has answered */
static bool interrupts;        /* from now on */

static void enter_in_handler(int unused) {
  (void)unused;
  entered_in_handler = wasmsig_budget_enter(&b);
  if (entered_in_handler == WASMSIG_OK) LEFT(&b, READY);
}

static void be_interrupted(void) {
  if (interrupts) raise(SIGUSR1);
}

static bool make_and_be_interrupted(struct wsig_timer *timer, pid_t tid,
                                    int signal_number, void *tag) {
  be_interrupted();
  return wsig_os_clock.timer_make(timer, tid, signal_number, tag);
}

static void drop_and_be_interrupted(struct wsig_timer *timer) {
  wsig_os_clock.timer_drop(timer);
  be_interrupted();
}

static void *enter_and_leave(void *unused) {
  (void)unused;
  enter(&a);
  LEFT(&a, READY);
  return NULL;
}

static void *be_interrupted_at_the_end(void *unused) {
  enter_and_leave(unused);
  interrupts = true;
  return NULL;
}

static void interrupt_with(void *(*body)(void *)) {
  clock_that_interrupts = wsig_os_clock;
  clock_that_interrupts.timer_make = make_and_be_interrupted;
  clock_that_interrupts.timer_drop = drop_and_be_interrupted;
  wsig_clock = &clock_that_interrupts;
  signal(SIGUSR1, enter_in_handler);
  make(&a, NULL, NULL, 1000 * MS, NONE);
  make(&b, NULL, NULL, 1000 * MS, NONE);
  join(start_thread(body, NULL));
  CHILD_EQUAL(entered_in_handler, WASMSIG_EHANDLER);
}

CASE(a_handler_that_interrupts_the_end_of_its_thread_receives_an_error) {
  interrupt_with(be_interrupted_at_the_end);
}

CASE(a_handler_that_interrupts_its_threads_first_enter_receives_an_error) {
  interrupts = true;
  interrupt_with(enter_and_leave);
}

static pthread_key_t key_before, key_behind; /* of ours */
static unsigned destructors;

static void enter_in_destructor(void *unused) {
  enter_and_leave(unused);
  destructors++;
}

static void *end_with_destructors(void *unused) {
  enter_and_leave(unused);
  pthread_setspecific(key_before, &a);
  CHILD_EQUAL(pthread_key_create(&key_behind, enter_in_destructor), 0);
  pthread_setspecific(key_behind, &a);
  return NULL;
}

CASE(destructors_of_a_thread_that_ends_enter_sections) {
  CHILD_EQUAL(pthread_key_create(&key_before, enter_in_destructor), 0);
  make(&a, NULL, NULL, 1000 * MS, NONE);
  join(start_thread(end_with_destructors, NULL));
  CHILD_EQUAL(destructors, 2);
}

/* ------------------------------------------------- which thread kills */

static void kill_often(bool is_signal_safe, unsigned *own, unsigned *others) {
  wasmsig_budget_options options = limits_of(NULL, &engine, NONE, 200 * US);
  options.kill_is_signal_safe = is_signal_safe;
  for (int i = 0; i < 200; i++) {
    CHILD_EQUAL(wasmsig_budget_init(&a, &options), WASMSIG_OK);
    enter(&a);
    stand_until_killed(&engine);
    ++*(wsig_load_acquire(&engine.killer) == thread_id() ? own : others);
    LEFT(&a, KILLED);
    CHILD_EQUAL(engine.requested, 0);
    CHILD_EQUAL(engine.undos, i + 1);
    expect_free(&a);
  }
  printf("%u killed by their own thread, %u by another\n", *own, *others);
}

CASE(a_kill_that_is_signal_safe_comes_from_the_timers_handler) {
  unsigned own = 0, others = 0;
  kill_often(true, &own, &others);
  if (by_timer())
    CHILD_AT_LEAST(own, 1);
  else
    CHILD_EQUAL(own, 0);
}

CASE(a_kill_that_is_not_signal_safe_comes_from_the_watchdog) {
  unsigned own = 0, others = 0;
  kill_often(false, &own, &others);
  CHILD_EQUAL(own, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BY_BOTH(only_the_budget_that_was_entered_last_can_be_left),
      BY_BOTH(two_hundred_budgets_nest_and_each_is_charged),
      BY_BOTH(a_jump_out_of_sections_is_unwound),
      BY_BOTH(unwinding_stops_at_the_requested_level),
      BY_BOTH(a_kill_of_an_inner_section_is_undone_by_unwinding),
      BY_BOTH(a_kill_of_an_outer_section_is_undone_by_unwinding),
      BY_BOTH(a_section_in_a_handler_is_charged_to_both),
#if !UNDER_TSAN
      BY_TIMER(
          a_handler_that_interrupts_a_call_about_budgets_receives_an_error),
#endif
      BY_WATCHDOG(
          a_handler_that_interrupts_a_call_about_budgets_receives_an_error),
      BY_BOTH(threads_that_end_inside_sections_leave_them),
      BY_BOTH(threads_that_end_while_killed_undo_it),
      BY_TIMER(
          a_handler_that_interrupts_the_end_of_its_thread_receives_an_error),
      BY_TIMER(
          a_handler_that_interrupts_its_threads_first_enter_receives_an_error),
      BY_BOTH(destructors_of_a_thread_that_ends_enter_sections),
      BY_BOTH(a_kill_that_is_signal_safe_comes_from_the_timers_handler),
      BY_BOTH(a_kill_that_is_not_signal_safe_comes_from_the_watchdog),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
