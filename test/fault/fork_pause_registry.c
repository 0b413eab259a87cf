/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Forks while another thread is paused at each machine instruction (trap.h) of
 * an add, a remove, a create, a destroy or a raise, whatever lock it holds
 * there: it goes on after a while, for the fork may have to wait for it. The
 * child has no such thread, and uses all of the library.
 */
#include "pause_scene.h"

#include <time.h>

#define IN_THE_WALK 100 /* an instruction of a raise */

static void on_trap_for_fork(int signal, siginfo_t *info, void *context) {
  static uintptr_t last;
  uintptr_t address = trap_address(context);
  bool repeats = address == last; /* filling memory, byte by byte */
  (void)signal, (void)info;
  last = address;
  if (repeats || ++scene.at != scene.stop_at) return;
  trap_cover(&coverage, address);
  scene.paused = true;
  notify(scene.halted);
  /* The fork may have to wait for what we hold. */
  nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  trap_end(context);
}

/* Every lock and counter of the library. */
static void use_in_child(void) {
  static struct block block;
  wasmsig_registry *created;
  wasmsig_instance instance;
  alarm(PATIENCE_S); /* a lock that no thread will ever release */
  block_init(&block);
  CHILD_ASSERT(wasmsig_registry_create(&created) == WASMSIG_OK);
  CHILD_ASSERT(block_add(created, &block, WASMSIG_MEMORY_SHARED, ALL_WORDS,
                         &instance) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_instance_remove(created, instance) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_registry_destroy(created) == WASMSIG_OK);
  CHILD_ASSERT(block_add(scene.registry, &block, WASMSIG_MEMORY_FIXED,
                         ALL_WORDS, &instance) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_instance_raise(scene.registry, instance, 5) == 1);
  CHILD_ASSERT(wasmsig_instance_remove(scene.registry, instance) == WASMSIG_OK);
  _exit(0);
}

static void wait_for(pid_t child) {
  int status;
  CHILD_ASSERT(child > 0 && waitpid(child, &status, 0) == child);
  CHILD_ASSERT(status == 0);
}

static int64_t add_and_remove(void) {
  static struct block block;
  wasmsig_instance instance;
  block_init(&block);
  if (block_add(scene.registry, &block, WASMSIG_MEMORY_SHARED, ALL_WORDS,
                &instance) != WASMSIG_OK)
    return WASMSIG_EFULL;
  return wasmsig_instance_remove(scene.registry, instance);
}

static int64_t create_and_destroy(void) {
  static struct block block;
  wasmsig_registry *created;
  wasmsig_instance unused;
  block_init(&block);
  if (wasmsig_registry_create(&created) != WASMSIG_OK ||
      block_add(created, &block, WASMSIG_MEMORY_SHARED, ALL_WORDS, &unused) !=
          WASMSIG_OK)
    return WASMSIG_EFULL;
  return wasmsig_registry_destroy(created);
}

static void forks_at_each_stop(const char *what, int64_t (*call)(void),
                               uint64_t stride) {
  scene.stop_at = 0;
  do {
    pthread_t thread;
    scene.at = 0;
    scene.paused = false;
    scene.stop_at += stride;
    start(&thread, walk, &call);
    await(scene.halted);
    pid_t child = fork();
    if (child == 0) use_in_child();
    wait_for(child);
    pthread_join(thread, NULL);
    CHILD_ASSERT(scene.raised >= 0);
  } while (scene.at >= scene.stop_at);
  trap_report(what, &coverage);
  CHILD_ASSERT(coverage.steps >= 20);
  memset(&coverage, 0, sizeof coverage);
}

static void forks(void) {
  set_up();
  fill_registry();
  trap_install(on_trap_for_fork);
  overwrite_what_is_freed(0); /* a trap a byte, for nothing here */
  forks_at_each_stop("fork during an add and a remove", add_and_remove, 17);
  forks_at_each_stop("fork during a create and a destroy", create_and_destroy,
                     17);
  forks_at_each_stop("fork during a raise", raise_registry, 12);
}
TEST(a_child_may_do_everything_at_any_instruction_of_another_thread) {
  assert_child_ends_well(forks);
}

/* Its parent's remove was waiting for a walk when it forked; so does its own,
 * for a walk that goes on. */
static void remove_with_a_walk_in_child(void) {
  uint64_t waits = 0;
  alarm(PATIENCE_S);
  CHILD_ASSERT(pipe(scene.halted) == 0 && pipe(scene.resume) == 0);
  track_subject(WASMSIG_MEMORY_FIXED);
  stop_at(IN_THE_WALK, raise_process, remove_it, &waits);
  _exit(waits == 1 ? 0 : 1);
}

static void fork_while_a_remove_waits(void) {
  pthread_t walker, withdrawer;
  int64_t (*raise_it)(void) = raise_process;
  int (*take_out)(void) = remove_it;
  set_up();
  fill_registry();
  track_subject(WASMSIG_MEMORY_FIXED);
  uint32_t phase = wsig_load_relaxed(&scene.registry->phase);
  scene.stop_at = IN_THE_WALK;
  start(&walker, walk, &raise_it);
  await(scene.halted);
  start(&withdrawer, withdraw, &take_out);
  while (!has_begun_to_wait(phase)) pause_briefly();
  pid_t child = fork();
  if (child == 0) remove_with_a_walk_in_child();
  wait_for(child);
  notify(scene.resume);
  pthread_join(walker, NULL);
  pthread_join(withdrawer, NULL);
  CHILD_ASSERT(scene.removed == WASMSIG_OK);
}
TEST(a_remove_waits_in_a_child_whose_parent_s_remove_was_waiting) {
  assert_child_ends_well(fork_while_a_remove_waits);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          a_child_may_do_everything_at_any_instruction_of_another_thread),
      cmocka_unit_test(
          a_remove_waits_in_a_child_whose_parent_s_remove_was_waiting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
