/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Other threads at every machine instruction of a walk: grace periods, syncs.
 *
 * A walker thread raises under the trap flag (trap.h) and stops at its n-th
 * instruction, for n = 1, 2, ... up to the raise's end. While it is paused
 * there, another thread removes an instance, or destroys the registry, and
 * takes the memory away as soon as the call returns. Then the walker goes on:
 * if the call did not wait for it where it must, its next access is a fault.
 * The same for the owner of a MOVABLE instance that syncs: nothing may be lost.
 *
 * How long the other thread is watched before the walker goes on is no part of
 * the verdict: it either has returned, or is seen to have begun to wait.
 */
#include "pause_scene.h"

static int64_t raise_instance(void) {
  return wasmsig_instance_raise(scene.registry, scene.instance, 5);
}
static int64_t clear_process(void) { return wasmsig_process_clear(0); }
static int destroy_all(void) {
  return wasmsig_registry_destroy(scene.registry);
}

static void report(const char *what, uint64_t waits) {
  trap_report(what, &coverage);
  printf("  it had to wait at %llu of them\n", (unsigned long long)waits);
  fflush(stdout);
  CHILD_ASSERT(coverage.steps >= 60);
  CHILD_ASSERT(waits >= 20 && waits < coverage.steps);
  memset(&coverage, 0, sizeof coverage);
}

static void remove_at_each_stop(const char *what,
                                wasmsig_memory_class memory_class,
                                int64_t (*walk_it)(void)) {
  uint64_t waits = 0, stop = 0;
  do track_subject(memory_class);
  while (stop_at(++stop, walk_it, remove_it, &waits) && stop < MOST_STOPS);
  report(what, waits);
}

/* ----------------------------------------------------------------- tests */

static void removes(void) {
  set_up();
  fill_registry();
  remove_at_each_stop("remove during a raise to the process",
                      WASMSIG_MEMORY_FIXED, raise_process);
  remove_at_each_stop("remove during a raise to the instance",
                      WASMSIG_MEMORY_SHARED, raise_instance);
  remove_at_each_stop("remove, MOVABLE, during a raise", WASMSIG_MEMORY_MOVABLE,
                      raise_instance);
  remove_at_each_stop("remove during a clear", WASMSIG_MEMORY_FIXED,
                      clear_process);
}
TEST(a_remove_waits_for_a_walk_paused_at_any_instruction) {
  assert_child_ends_well(removes);
}

static void destroys(void) {
  uint64_t waits = 0, stop = 0;
  bool paused;
  set_up();
  do {
    fill_registry();
    track_subject(WASMSIG_MEMORY_FIXED);
    paused = stop_at(++stop, raise_registry, destroy_all, &waits);
  } while (paused && stop < MOST_STOPS);
  report("destroy during a raise to the registry", waits);
}
TEST(a_destroy_waits_for_a_walk_paused_at_any_instruction) {
  assert_child_ends_well(destroys);
}

/* ------------------------------------------- its owner syncs meanwhile */

static void sync_it(void) {
  CHILD_ASSERT(wasmsig_instance_sync(scene.registry, scene.instance,
                                     scene.block, sizeof *scene.block) >= 0);
}

/* A walk to the instance is paused at its `stop`-th instruction while the owner
 * syncs; the owner syncs once more after it. False: it has no such one. */
static bool sync_at(uint64_t stop, int64_t (*walk_it)(void)) {
  pthread_t walker;
  scene.stop_at = stop;
  scene.at = 0;
  scene.paused = false;
  start(&walker, walk, &walk_it);
  await(scene.halted);
  bool paused = scene.paused;
  sync_it();
  if (paused) notify(scene.resume);
  pthread_join(walker, NULL);
  return paused;
}

static int64_t clear_instance(void) {
  return wasmsig_instance_clear(scene.registry, scene.instance, 5);
}
static int64_t terminate_instance(void) {
  return wasmsig_instance_terminate(scene.registry, scene.instance);
}

static void begin_with_movable(void) {
  set_up();
  fill_registry();
  track_subject(WASMSIG_MEMORY_MOVABLE);
}

static void report_syncs(const char *what) {
  trap_report(what, &coverage);
  CHILD_ASSERT(coverage.steps >= 40);
  memset(&coverage, 0, sizeof coverage);
}

static void raises_and_syncs(void) {
  uint64_t stop = 0;
  bool paused;
  begin_with_movable();
  do {
    scene.block->signal = 0;
    scene.block->pending = 0;
    paused = sync_at(++stop, raise_instance);
    sync_it();
    CHILD_ASSERT(scene.block->signal == 5 && scene.block->pending == 1u << 4);
  } while (paused);
  report_syncs("sync during a raise");
}
TEST(a_raise_paused_at_any_instruction_is_in_the_next_sync) {
  assert_child_ends_well(raises_and_syncs);
}

static void clears_and_syncs(void) {
  uint64_t stop = 0;
  bool paused;
  begin_with_movable();
  do {
    CHILD_ASSERT(raise_instance() == 1);
    paused = sync_at(++stop, clear_instance);
    sync_it();
    CHILD_ASSERT(scene.block->signal == 0 && scene.block->pending == 0);
  } while (paused);
  report_syncs("sync during a clear");
}
TEST(a_clear_paused_at_any_instruction_is_in_the_next_sync) {
  assert_child_ends_well(clears_and_syncs);
}

static void terminates_and_syncs(void) {
  uint64_t stop = 0;
  bool paused;
  begin_with_movable();
  do {
    paused = sync_at(++stop, terminate_instance);
    CHILD_ASSERT(raise_instance() == 0);
    sync_it();
    CHILD_ASSERT(scene.block->terminated == 1 && scene.block->signal == 0);
    CHILD_ASSERT(raise_instance() == 0);
    CHILD_ASSERT(remove_it() == WASMSIG_OK);
    track_subject(WASMSIG_MEMORY_MOVABLE);
  } while (paused);
  report_syncs("sync during a terminate");
}
TEST(after_a_terminate_no_raise_counts_whenever_its_owner_syncs) {
  assert_child_ends_well(terminates_and_syncs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_remove_waits_for_a_walk_paused_at_any_instruction),
      cmocka_unit_test(a_destroy_waits_for_a_walk_paused_at_any_instruction),
      cmocka_unit_test(a_raise_paused_at_any_instruction_is_in_the_next_sync),
      cmocka_unit_test(a_clear_paused_at_any_instruction_is_in_the_next_sync),
      cmocka_unit_test(
          after_a_terminate_no_raise_counts_whenever_its_owner_syncs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
