/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Pause: a registry, a thread that is paused at a chosen instruction of a walk
 * over it, and one that takes an instance out meanwhile.
 */
#ifndef WSIG_TEST_PAUSE_SCENE_H
#define WSIG_TEST_PAUSE_SCENE_H

#include "fault.h"
#include "heap.h"
#include "trap.h"

#include "signals/registry.h"

#include <sys/prctl.h>
#include <time.h>

#define FILLERS 66 /* with them there are two segments */
#define MOST_STOPS 20000

static struct {
  wasmsig_registry *registry;
  struct block *block; /* on a page of its own */
  wasmsig_instance instance;
  struct block fillers[FILLERS];
  uint64_t stop_at;
  uint64_t at;
  bool paused;
  int halted[2], resume[2]; /* pipes: they wake without spinning */
  uint32_t returned;
  int64_t raised;
  int removed;
} scene;
static struct trap_coverage coverage;

static void notify(const int *pipe_ends) {
  if (write(pipe_ends[1], "!", 1) != 1) _exit(2);
}
static void await(const int *pipe_ends) {
  char byte;
  if (read(pipe_ends[0], &byte, 1) != 1) _exit(2);
}

static void on_trap(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  if (++scene.at != scene.stop_at) return;
  trap_cover(&coverage, trap_address(context));
  scene.paused = true;
  notify(scene.halted);
  await(scene.resume);
  trap_end(context); /* the rest at full speed */
}

/* --------------------------------------------------------- the two threads */

static void *walk(void *argument) {
  int64_t (*raise_it)(void) = *(int64_t (**)(void))argument;
  trap_on();
  scene.raised = raise_it();
  trap_off();
  if (!scene.paused) notify(scene.halted);
  return NULL;
}

static void *withdraw(void *argument) {
  int (*take_out)(void) = *(int (**)(void))argument;
  scene.removed = take_out();
  take_away(scene.block, sizeof *scene.block);
  wsig_store_release(&scene.returned, 1);
  return NULL;
}

static int64_t raise_process(void) { return wasmsig_process_raise(5); }
static int64_t raise_registry(void) {
  return wasmsig_registry_raise(scene.registry, 5);
}

static int remove_it(void) {
  return wasmsig_instance_remove(scene.registry, scene.instance);
}

/* ---------------------------------------------------------------- a stop */

static void start(pthread_t *thread, void *(*body)(void *), void *argument) {
  CHILD_ASSERT(pthread_create(thread, NULL, body, argument) == 0);
}

static void track_subject(wasmsig_memory_class memory_class) {
  CHILD_ASSERT(
      mprotect(scene.block, sizeof *scene.block, PROT_READ | PROT_WRITE) == 0);
  block_init(scene.block);
  CHILD_ASSERT(block_add(scene.registry, scene.block, memory_class, ALL_WORDS,
                         &scene.instance) == WASMSIG_OK);
}

/* A few instances in each of two segments. */
static void fill_registry(void) {
  wasmsig_instance instances[FILLERS];
  CHILD_ASSERT(wasmsig_registry_create(&scene.registry) == WASMSIG_OK);
  for (int i = 0; i < FILLERS; i++) {
    block_init(&scene.fillers[i]);
    CHILD_ASSERT(block_add(scene.registry, &scene.fillers[i],
                           WASMSIG_MEMORY_SHARED, SIGNAL,
                           &instances[i]) == WASMSIG_OK);
  }
  for (int i = 2; i < FILLERS - 2; i++)
    CHILD_ASSERT(wasmsig_instance_remove(scene.registry, instances[i]) ==
                 WASMSIG_OK);
}

static void pause_briefly(void) {
  nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
}

static bool has_returned(void) { return wsig_load_acquire(&scene.returned); }

static bool has_begun_to_wait(uint32_t phase) {
  return wsig_load_relaxed(&scene.registry->phase) != phase;
}

/* False once the walk has fewer instructions than `stop`. */
static bool stop_at(uint64_t stop, int64_t (*walk_it)(void),
                    int (*take_out)(void), uint64_t *waits) {
  pthread_t walker, withdrawer;
  uint32_t phase = wsig_load_relaxed(&scene.registry->phase);
  scene.stop_at = stop;
  scene.at = 0;
  scene.paused = false;
  scene.returned = 0;
  start(&walker, walk, &walk_it);
  await(scene.halted);
  bool paused = scene.paused;
  start(&withdrawer, withdraw, &take_out);
  while (!has_returned() && !has_begun_to_wait(phase)) pause_briefly();
  if (has_begun_to_wait(phase)) ++*waits;
  /* One that waits for too little has the time to return. */
  for (int i = 0; i < 2 && !has_returned(); i++) pause_briefly();
  if (paused) notify(scene.resume);
  pthread_join(walker, NULL);
  pthread_join(withdrawer, NULL);
  CHILD_ASSERT(scene.removed == WASMSIG_OK);
  for (int i = 0; i < FILLERS; i++)
    CHILD_ASSERT(block_intact(&scene.fillers[i]));
  return paused;
}

static void set_up(void) {
  overwrite_what_is_freed(0x5a); /* what is freed is no address */
  trap_install(on_trap);
  prctl(PR_SET_TIMERSLACK, 1); /* naps are as short as they say */
  CHILD_ASSERT(pipe(scene.halted) == 0 && pipe(scene.resume) == 0);
  scene.block = pages(sizeof *scene.block);
}

#endif
