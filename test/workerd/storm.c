/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Storm of requests, without the runtime: threads with two isolates each, whose
 * contexts have turns, are stopped, topped up and deleted, in random order and
 * under random limits, while Workers start and instances come and go.
 *
 * Checked all the time: who exceeds its limit is stopped, and aborted once; no
 * request is stopped before its limit; no kill lands after a leave, nor a while
 * later; outcomes are right, also during a turn that is stopped; words are 0,
 * 24 or 1, and no canary is written to; each exception is destroyed or thrown.
 * The sanitizers see the rest.
 *
 * WASMSIG_STRESS_RAISES sets the length: a turn for each 1000 of it.
 */
#include "support/fake_isolates.h"

#include "abi.h"
#include "requests.h"
#include "settings.h"
#include "startup.h"
#include "stress/storm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 3u
#define ISOLATES 2u /* of a thread */
#define CONTEXTS 6u /* of an isolate; their addresses are used again */
#define TURNS_OF_ROUND 100u
#define PATIENCE_NS UINT64_C(300000000000)

_Noreturn void die(const char *what) {
  fprintf(stderr, "workerd_storm: %s\n", what);
  abort();
}

/* What was done, by all threads; atomic. */
static struct {
  uint64_t turns, stopped, stopped_again, signalled, deleted, started,
      not_started;
} sum;

struct world {
  uint64_t random;
  bool shares_enforcers; /* older runtimes: one for all requests of a service */
  struct place {
    struct fake_isolate isolate;
    struct fake_context contexts[CONTEXTS];
    char enforcer; /* the shared one */
  } places[ISOLATES];
};

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

static void *enforcer_of(const struct world *world, struct place *place,
                         struct fake_context *context) {
  return world->shares_enforcers ? &place->enforcer : &context->enforcer;
}

/* ------------------------------------------------------------- JavaScript */

static void check_words(const struct fake_isolate *isolate) {
  const char *problem = fake_instances_problem(isolate);
  if (problem) die(problem);
}

/* How long code runs: mostly about as long as the limit. */
static uint64_t random_length(uint64_t *random) {
  uint64_t hard_ns = wkd_settings.hard_ns;
  return pick(random, 4) == 0 ? 1 : hard_ns / 16 * (1 + pick(random, 20));
}

/* Until it is stopped: then it answers true. Or for a while; of that, native
 * code does not notice a stop. Instances come and go meanwhile. */
static bool compute(struct fake_isolate *isolate, uint64_t *random) {
  bool is_endless = pick(random, 4) == 0, is_native = pick(random, 4) == 0;
  uint64_t ns = random_length(random);
  uint64_t begin = cpu_ns(), patience = clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
  while (is_endless || cpu_ns() - begin < ns) {
    if ((is_endless || !is_native) && fake_isolate_check(isolate)) return true;
    uint32_t what = pick(random, 16);
    if (what == 0) fake_instance_add(isolate);
    if (what == 1) fake_instance_remove(isolate);
    if (clock_ns(CLOCK_MONOTONIC) > patience) die("it was never stopped");
  }
  return false;
}

/* --------------------------------------------------------------- requests */

static void check_left(const struct fake_isolate *isolate) {
  if (wsig_load_acquire(&isolate->is_terminating))
    die("a kill was not undone, or landed after the leave");
  check_words(isolate);
}

static void check_outcome(const struct world *world, struct place *place,
                          struct fake_context *context, bool is_known) {
  int outcome = wkd_request_outcome(enforcer_of(world, place, context));
  bool all = is_known;
  for (size_t i = 0; all && world->shares_enforcers && i < CONTEXTS; i++)
    all = !place->contexts[i].exists || place->contexts[i].is_aborted;
  if (!world->shares_enforcers) all = is_known && context->is_aborted;
  if (outcome != (all ? WKD_OUTCOME_EXCEEDED_CPU : WKD_OUTCOME_NONE))
    die("the outcome is wrong");
}

static void turn(struct world *world, struct place *place,
                 struct fake_context *context) {
  void *enforcer = enforcer_of(world, place, context);
  bool was_aborted = context->is_aborted;
  uint64_t begin = cpu_ns();
  void *entered = wkd_request_enter(enforcer, context);
  bool stopped = compute(&place->isolate, &world->random);
  /* Else the runtime would call one callback after another, each until V8
   * terminates again. */
  if (stopped && wkd_request_outcome(enforcer) != WKD_OUTCOME_EXCEEDED_CPU)
    die("a turn that is being stopped does not say so");
  wkd_request_leave(entered);
  context->used_ns += cpu_ns() - begin;
  check_left(&place->isolate);

  if (stopped && !context->is_aborted) die("a stopped request was not aborted");
  if (context->is_aborted && context->used_ns < wkd_settings.hard_ns)
    die("a request was stopped before its limit");
  uint64_t thrown = fake_counts.thrown;
  wkd_request_require(enforcer);
  bool threw = fake_counts.thrown > thrown;
  if (stopped && !threw) die("after a stop nothing was thrown");
  if (threw && !context->is_aborted) die("a request that lives has thrown");
  check_outcome(world, place, context, true);
  add_to(&sum.turns, 1);
  if (fake_instances_are_signalled(&place->isolate)) add_to(&sum.signalled, 1);
  if (stopped) add_to(was_aborted ? &sum.stopped_again : &sum.stopped, 1);
}

static void delete_context(struct fake_context *context) {
  wkd_request_context_delete(context);
  if (context->exists) die("a context was not deleted");
  add_to(&sum.deleted, 1);
}

static void create_context(struct place *place, struct fake_context *context,
                           uint64_t *random) {
  memset(context, 0, sizeof *context);
  context->exists = true;
  context->isolate = &place->isolate;
  context->is_actor = pick(random, 3) == 0;
}

/* ----------------------------------------------------------------- starts */

static void start(struct world *world, struct place *place) {
  struct wkd_exception_or_duration result = {WKD_TAG_DURATION, {0}};
  enum wkd_startup kinds[] = {WKD_STARTUP_JS, WKD_STARTUP_PYTHON,
                              WKD_DYNAMIC_IMPORT};
  uint64_t begin = cpu_ns();
  void *entered = wkd_startup_enter(&result, kinds[pick(&world->random, 3)]);
  bool stopped = compute(&place->isolate, &world->random);
  /* A stopped microtask throws nothing; else an exception unwinds. */
  bool unwinds = fake_is_unwinding = stopped && pick(&world->random, 2);
  wkd_startup_leave(entered);
  uint64_t used = cpu_ns() - begin;
  fake_is_unwinding = false;

  bool failed = result.tag == WKD_TAG_EXCEPTION;
  if (stopped && !failed) die("a stopped start has no exception");
  if (failed && used < wkd_settings.startup_ns)
    die("a start was stopped before its limit");
  if (!failed && result.value.nanoseconds <= 0) die("a start took no time");
  if (failed && !unwinds && wsig_load_acquire(&place->isolate.is_terminating))
    die("the end of a start has thrown, and V8 still terminates");
  if (failed) {
    fake_counts.destroyed++;
    free(result.value.exception[0]);
  }
  check_words(&place->isolate);
  add_to(failed ? &sum.not_started : &sum.started, 1);
}

/* ------------------------------------------------------------------ storm */

static void end_place(struct place *place) {
  fake_isolate_lock(&place->isolate);
  for (size_t i = 0; i < CONTEXTS; i++)
    if (place->contexts[i].exists) delete_context(&place->contexts[i]);
  fake_isolate_end(&place->isolate);
}

static void act(struct world *world, struct place *place) {
  struct fake_context *context =
      &place->contexts[pick(&world->random, CONTEXTS)];
  fake_isolate_lock(&place->isolate);
  if (!context->exists) {
    create_context(place, context, &world->random);
    turn(world, place, context); /* a context without a turn is not known */
    return;
  }
  switch (pick(&world->random, 12)) {
    case 0: delete_context(context); return;
    case 1: wkd_request_top_up(enforcer_of(world, place, context)); return;
    case 2: start(world, place); return;
    case 3:
      if (pick(&world->random, 4) > 0) return;
      end_place(place);
      fake_isolate_begin(&place->isolate);
      return;
    default:
      turn(world, place, context);
      if (pick(&world->random, 4) == 0) delete_context(context);
  }
}

static void *run(void *seed) {
  static _Thread_local struct world world;
  world.random = (uint64_t)(uintptr_t)seed;
  world.shares_enforcers = pick(&world.random, 2);
  for (size_t i = 0; i < ISOLATES; i++)
    fake_isolate_begin(&world.places[i].isolate);
  for (size_t i = 0; i < TURNS_OF_ROUND / THREADS; i++)
    act(&world, &world.places[pick(&world.random, ISOLATES)]);
  for (size_t i = 0; i < ISOLATES; i++) end_place(&world.places[i]);
  if (fake_counts.constructed != fake_counts.destroyed + fake_counts.thrown)
    die("an exception was neither destroyed nor thrown");
  return NULL;
}

/* Each round has other limits, of 50 us to 2 ms. */
static void run_round(uint64_t *random) {
  pthread_t threads[THREADS];
  wkd_settings.hard_ns = 50000 + pick(random, 2000000);
  wkd_settings.soft_ns = wkd_settings.hard_ns / 10 * (1 + pick(random, 10));
  wkd_settings.startup_ns = 50000 + pick(random, 2000000);
  wkd_settings.mark_terminated = pick(random, 2);
  for (size_t i = 0; i < THREADS; i++) {
    void *seed = (void *)(uintptr_t)(next_random(random) | 1);
    if (pthread_create(&threads[i], NULL, run, seed) != 0) die("no thread");
  }
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

int main(void) {
  const char *set = getenv("WASMSIG_STRESS_RAISES");
  uint64_t raises = set ? strtoull(set, NULL, 10) : STRESS_RAISES;
  uint64_t rounds = raises / 1000 / TURNS_OF_ROUND + 1;
  uint64_t random = 88172645463325252u;
  fake_runtime_use();
  wkd_settings.log_file = -1;
  for (uint64_t i = 0; i < rounds; i++) run_round(&random);
  printf("%" PRIu64 " turns: after %" PRIu64 " a word was set, %" PRIu64
         " were stopped, %" PRIu64 " in their grace; %" PRIu64
         " contexts; %" PRIu64 " starts, %" PRIu64 " more were stopped\n",
         sum.turns, sum.signalled, sum.stopped, sum.stopped_again, sum.deleted,
         sum.started, sum.not_started);
  if (!sum.signalled || !sum.stopped || !sum.stopped_again || !sum.deleted ||
      !sum.not_started)
    die("something never happened");
  return EXIT_SUCCESS;
}
