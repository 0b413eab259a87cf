/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Budgets on a clock that the test moves by hand: no time passes unless the
 * test moves the clock, and only the test checks the sections.
 */
#ifndef WSIG_TEST_HAND_CLOCK_H
#define WSIG_TEST_HAND_CLOCK_H

#include "budgets/limits.h"
#include "budgets/thread_check.h"
#include "budgets/thread_lock.h"
#include "budgets/watchdog.h"
#include "support.h"

static uint64_t hand_cpu_ns;
static uint64_t hand_wall_ns;
static bool hand_clock_stands; /* the CPU clock cannot be read */

static inline uint64_t hand_read_wall(void) { return hand_wall_ns; }
static inline bool hand_read_cpu(clockid_t id, uint64_t *ns) {
  (void)id;
  *ns = hand_cpu_ns;
  return !hand_clock_stands;
}
static inline bool hand_spawn(void *(*body)(void *)) {
  (void)body;
  return true;
}
static const struct wsig_clock hand_clock = {.monotonic_ns = hand_read_wall,
                                             .cpu_ns = hand_read_cpu,
                                             .spawn = hand_spawn};
static const struct wsig_clock *hand_clock_used = &hand_clock;

/* The thread uses CPU time, without a check. */
static inline void use_unseen(uint64_t ns) {
  hand_cpu_ns += ns;
  hand_wall_ns += ns;
}

/* The thread uses CPU time, then the watchdog checks. */
static inline uint64_t use(uint64_t ns) {
  use_unseen(ns);
  return wsig_watchdog_check_all();
}

/* A second passes, in which the thread sleeps, and the watchdog with it. */
static inline uint64_t check_in_a_second(void) {
  hand_wall_ns += UINT64_C(1000000000);
  return wsig_watchdog_check_all();
}

/* ----------------------------------------------------------- the scene */

#define NONE WASMSIG_NO_LIMIT
#define MS UINT64_C(1000000)

/* What a kill did, and what its undo did, in an engine. */
struct engine {
  int kills;
  int undos;
  uint32_t signal_at_kill; /* what the guest's word said then */
};

static wasmsig_registry *registry;
static struct guest guest, bystander; /* both in `registry` */
static struct engine engine, other_engine;
static wasmsig_budget a, b, c;

static inline void kill_engine(void *context) {
  struct engine *killed = context;
  killed->kills++;
  killed->signal_at_kill = guest_signal(&guest);
}

static inline void undo_engine(void *context) {
  ((struct engine *)context)->undos++;
}

/* Limits for every instance of `registry`, and a kill for `engine`. */
static inline wasmsig_budget_options limits(uint64_t soft_ns,
                                            uint64_t hard_ns) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.soft_ns = soft_ns;
  options.hard_ns = hard_ns;
  options.measure = true;
  options.registry = registry;
  options.kill = kill_engine;
  options.undo = undo_engine;
  options.context = &engine;
  return options;
}

static inline void make_with(wasmsig_budget *budget,
                             wasmsig_budget_options options) {
  assert_int_equal(wasmsig_budget_init(budget, &options), WASMSIG_OK);
}

static inline void make(wasmsig_budget *budget, uint64_t soft_ns,
                        uint64_t hard_ns) {
  make_with(budget, limits(soft_ns, hard_ns));
}

static inline void enter(wasmsig_budget *budget) {
  assert_int_equal(wasmsig_budget_enter(budget), WASMSIG_OK);
}

static inline void assert_state(const wasmsig_budget *budget,
                                wasmsig_budget_state state) {
  assert_int_equal(wasmsig_budget_get_state(budget), state);
}

#define assert_left(budget, outcome) \
  assert_int_equal(wasmsig_budget_leave(budget), WASMSIG_LEFT_##outcome)

static inline int set_scene(void **unused_state) {
  (void)unused_state;
  wsig_clock = hand_clock_used;
  hand_clock_stands = false;
  engine = other_engine = (struct engine){0};
  memset(&a, 0, sizeof a);
  memset(&b, 0, sizeof b);
  memset(&c, 0, sizeof c);
  if (wasmsig_registry_create(&registry) != WASMSIG_OK) return -1;
  guest_track(&guest, registry);
  guest_track(&bystander, registry);
  return 0;
}

/* Also after a test that failed half-way: nothing stays entered. */
static inline int strike_scene(void **unused_state) {
  (void)unused_state;
  wasmsig_budget *budgets[] = {&c, &b, &a};
  for (int i = 0; i < 12; i++) wasmsig_budget_leave(budgets[i % 3]);
  for (int i = 0; i < 3; i++) wasmsig_budget_destroy(budgets[i]);
  return wasmsig_registry_destroy(registry);
}

#define IN_SCENE(sentence) \
  cmocka_unit_test_setup_teardown(sentence, set_scene, strike_scene)

#endif
