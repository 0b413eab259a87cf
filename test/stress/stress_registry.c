/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Storm on the registry. Threads add and remove instances of every memory
 * class and unmap at once, create and destroy registries, raise, clear and
 * terminate, while timers' handlers raise on top in all of them. It holds that
 *
 *  - no store lands where it must not: a late one is a fault, or kills a canary
 *  - a raise that was said to reach an instance is found there by its owner;
 *    every steady instance receives every signal that a courier sends
 *  - guests take no signal more often than raises were said to reach them
 *  - the library's own sum of instances reached is the sum of its answers
 *  - at the end nothing is left
 *
 * WASMSIG_STRESS_RAISES sets the length: instances that raises reach.
 */
#include "storm.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ADDERS 2u
#define THREADS (ADDERS + COURIERS + 2u)
#define SECONDS_WITHOUT_PROGRESS 60

struct scene scene;
_Thread_local struct tally *tally;

static uint64_t wanted = STRESS_RAISES;

void die(const char *what) {
  fprintf(stderr, "stress_registry: %s\n", what);
  abort();
}

/* ---------------------------------------------------------------- tallies */

static struct tally tallies[THREADS + 1];
static uint32_t tallies_used; /* atomic */

void tally_begin(void) { tally = &tallies[wsig_add_relaxed(&tallies_used, 1)]; }

/* A tally is nothing but sums. */
struct tally tally_sum(void) {
  struct tally sum;
  uint64_t *sums = (uint64_t *)&sum;
  memset(&sum, 0, sizeof sum);
  for (uint32_t t = 0; t <= THREADS; t++) {
    const uint64_t *more = (const uint64_t *)&tallies[t];
    for (size_t i = 0; i < sizeof sum / sizeof *sums; i++)
      sums[i] += wsig_load_relaxed(&more[i]);
  }
  return sum;
}

/* ------------------------------------------------------------------- scene */

static void set_up(void) {
  uint64_t random = 20261123;
  tally_begin();
  scene.guarded = guarded_works();
  for (uint32_t i = 0; i < LASTING; i++)
    if (wasmsig_registry_create(&scene.lasting[i]) != WASMSIG_OK)
      die("a create failed");
  for (uint32_t i = 0; i < COMMONS; i++)
    scene.commons[i] = common_new(&random, false);
  steady_begin(&random);
}

static void tear_down(void) {
  steady_end();
  for (uint32_t i = 0; i < LASTING; i++) {
    if (wasmsig_registry_count(scene.lasting[i]) != 0)
      die("instances are left");
    if (wasmsig_registry_destroy(scene.lasting[i]) != WASMSIG_OK)
      die("a destroy failed");
  }
  for (uint32_t i = 0; i < COMMONS; i++) common_end(scene.commons[i]);
  if (wasmsig_process_raise(1) != 0) die("a raise reached what has gone");
}

static void start(pthread_t *thread, void *(*body)(void *), uintptr_t number) {
  if (pthread_create(thread, NULL, body, (void *)number) != 0) die("no thread");
}

/* The steady guests' owner is the last, and receives the last signal. */
static void start_all(pthread_t *threads) {
  uint32_t t = 0;
  for (uintptr_t i = 0; i < ADDERS; i++)
    start(&threads[t++], add_and_remove, 1 + i);
  for (uintptr_t i = 0; i < COURIERS; i++)
    start(&threads[t++], raise_without_pause, i);
  start(&threads[t++], create_and_destroy, 11);
  start(&threads[t++], keep_steady, 12);
}

static void end_all(const pthread_t *threads) {
  wsig_store_relaxed(&scene.over, true);
  for (uint32_t t = 0; t < THREADS - 1; t++) pthread_join(threads[t], NULL);
  alarm_end();
  /* Release: a thread that reads it reads everything that was raised. */
  wsig_store_release(&scene.quiet, true);
  pthread_join(threads[THREADS - 1], NULL);
  for (uint32_t i = 0; i < COURIERS; i++)
    if (!steady_have_seen(COURIER_SIGNAL(i)))
      die("the last signal to a steady instance was lost");
}

/* So many of everything that the storm was one, and not only raises. */
static bool was_a_storm(const struct tally *so_far) {
  return so_far->total >= wanted && so_far->removes >= wanted / 1000 &&
         so_far->destroys >= wanted / 20000 &&
         so_far->handlers >= wanted / 10000 &&
         so_far->promises >= wanted / 10000;
}

static void wait_for_the_end(void) {
  struct timespec pause = {0, 2000000};
  struct timespec now, last;
  uint64_t before = 0;
  clock_gettime(CLOCK_MONOTONIC, &last);
  for (struct tally sum = tally_sum(); !was_a_storm(&sum); sum = tally_sum()) {
    uint64_t progress = sum.removes + sum.destroys;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (progress != before) last = now;
    before = progress;
    if (now.tv_sec - last.tv_sec > SECONDS_WITHOUT_PROGRESS)
      die("no remove and no destroy ends any more");
    nanosleep(&pause, NULL);
  }
}

/* -------------------------------------------------------------------- sums */

static void check_sums(const struct tally *sum) {
  wasmsig_statistics statistics;
  wasmsig_get_statistics(&statistics);
  if (statistics.raises != sum->total)
    die("the library counts other raises than it answered");
  for (uint32_t i = 1; i <= WASMSIG_SIGNAL_MAX; i++)
    if (sum->taken[i] > sum->reached[i])
      die("guests took a signal more often than it was raised");
  if (scene.guarded && wanted >= 1000000 && statistics.failures == 0)
    die("no GUARDED memory was ever out of reach");
}

static void print(const struct tally *sum) {
  uint64_t taken = 0;
  for (uint32_t i = 1; i <= WASMSIG_SIGNAL_MAX; i++) taken += sum->taken[i];
  wasmsig_statistics statistics;
  wasmsig_get_statistics(&statistics);
#define ULL(name) ((unsigned long long)(name))
  printf(
      "%llu instances reached by %llu raises, %llu of them in handlers"
      " (%llu in a handler's handler), %llu answered by an error\n",
      ULL(sum->total), ULL(sum->walks), ULL(sum->handlers), ULL(sum->nested),
      ULL(sum->refused));
  printf(
      "%llu adds, %llu removes, %llu registries destroyed, %llu moves of a"
      " memory, %llu refusals of the system%s\n",
      ULL(sum->adds), ULL(sum->removes), ULL(sum->destroys), ULL(sum->moves),
      ULL(statistics.failures),
      scene.guarded ? "" : " (GUARDED left out: it forbids it)");
  printf("%llu signals taken or left, %llu promises kept\n", ULL(taken),
         ULL(sum->promises));
#undef ULL
}

int main(void) {
  const char *length = getenv("WASMSIG_STRESS_RAISES");
  if (length) wanted = strtoull(length, NULL, 10);
  set_up();
  pthread_t threads[THREADS];
  alarm_begin();
  start_all(threads);
  wait_for_the_end();
  end_all(threads);
  tear_down();
  struct tally sum = tally_sum();
  print(&sum);
  check_sums(&sum);
  if (sum.removes == 0 || sum.destroys == 0) die("nothing was removed");
  if (sum.handlers == 0) die("no handler ran");
  return 0;
}
