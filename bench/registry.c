/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What does the registry cost beside simple data structures (rivals.c)?
 * Measures a raise to many instances, an add and a remove, memory, and a raise
 * while other threads add and remove.
 *
 *     registry [SAMPLES]     200 of each row by default
 *
 * Why they are comparable:
 *  1. all store into the same words, in the same random order of memories, so
 *     that caches and page tables are the same for all
 *  2. they take turns, in a random order
 *  3. a sample is the mean of so many raises that the cost of reading the clock
 *     does not matter
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "arena.h"
#include "rivals.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <wasmsig/host.h>

#define MOST 1000000  /* instances */
#define SPARE 1024    /* memories of instances that come and go */
#define THREADS 2     /* that add and remove during raises */
#define CROWD 64      /* instances that each of them holds at most */
#define STORES 50000  /* of a sample, about */
#define PAIRS 1000    /* of a sample */
#define WALKS 10000   /* raises of a sample of p50 and p99.99 */
#define MOST_ROUNDS 5 /* of such samples */
#define MOST_SCANS 10 /* of a list of a million */
#define DEFAULT_SAMPLES 200
#define MOST_SAMPLES 100000
#define SIGNAL WASMSIG_SIGXCPU

static struct arena arena;
static long samples = DEFAULT_SAMPLES;

/* _exit: other threads may be running. */
static void fail(const char *what, const char *why) {
  fprintf(stderr, "registry: %s: %s\n", what, why);
  _exit(EXIT_FAILURE);
}

static void check(int64_t code, const char *what) {
  if (code < 0) fail(what, wasmsig_error_text((int)code));
}

static void *get(size_t count, size_t size) {
  void *got = calloc(count, size);
  if (!got) fail("calloc", "out of memory");
  return got;
}

static int64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ------------------------------------------------------------- contenders */

/* Does what is measured. */
struct contender {
  const char *what;
  void (*run)(void *self);
  void *self;
};

/* A baseline, and the row that it belongs to. */
struct rival {
  const char *row;
  struct contender who;
};

static void print(const char *row, const char *unit, const char *what,
                  double sample) {
  printf("{\"bench\":\"registry\",\"row\":\"%s\",", row);
  if (what)
    printf("\"who\":\"baseline\",\"what\":\"%s\",", what);
  else
    printf("\"who\":\"wasmsig\",");
  printf("\"unit\":\"%s\",\"sample\":%.6g}\n", unit, sample);
}

static double time_batch(struct contender who, long batch) {
  int64_t start = now_ns(CLOCK_MONOTONIC);
  for (long i = 0; i < batch; i++) who.run(who.self);
  return (double)(now_ns(CLOCK_MONOTONIC) - start) / (double)batch;
}

#define MOST_RIVALS 3

/* One sample of each: ns of a run. The order is random: in a fixed order, one
 * of them would always run after the one that leaves the caches coldest. */
static void time_round(struct contender ours, const struct rival *rivals,
                       size_t count, long batch, double *ns) {
  static uint64_t random = 4;
  uint32_t order[MOST_RIVALS + 1] = {0, 1, 2, 3};
  arena_shuffle(order, count + 1, &random);
  for (size_t i = 0; i <= count; i++) {
    uint32_t who = order[i];
    ns[who] = time_batch(who ? rivals[who - 1].who : ours, batch);
  }
}

/* Samples of a run's time, in `parts` (a raise's are its instances). */
static void measure(struct contender ours, const struct rival *rivals,
                    size_t count, long batch, long rounds, double parts) {
  double ns[MOST_RIVALS + 1] = {0};
  time_round(ours, rivals, count, batch, ns); /* warm */
  for (long round = 0; round < rounds; round++) {
    time_round(ours, rivals, count, batch, ns);
    for (size_t i = 0; i < count; i++) {
      print(rivals[i].row, "ns", NULL, ns[0] / parts);
      print(rivals[i].row, "ns", rivals[i].who.what, ns[i + 1] / parts);
    }
  }
}

/* ------------------------------------------------------------- registries */

enum kind { SIGNAL_ONLY, ALL_WORDS };

static wasmsig_instance add(wasmsig_registry *registry, size_t memory,
                            enum kind kind) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  uint64_t offset = arena_offset(&arena, memory);
  words.memory = arena_memory(&arena, memory);
  words.length = ARENA_MEMORY;
  words.memory_class = WASMSIG_MEMORY_FIXED;
  words.signal = offset + ARENA_SIGNAL;
  if (kind == ALL_WORDS) {
    words.terminated = offset + ARENA_TERMINATED;
    words.pending = offset + ARENA_PENDING;
  }
  wasmsig_instance instance;
  check(wasmsig_instance_add(registry, &words, &instance),
        "wasmsig_instance_add");
  return instance;
}

static void drop(wasmsig_registry *registry, wasmsig_instance instance) {
  check(wasmsig_instance_remove(registry, instance), "wasmsig_instance_remove");
}

/* `instances` may be NULL. */
static wasmsig_registry *new_registry(size_t count, enum kind kind,
                                      wasmsig_instance *instances) {
  wasmsig_registry *registry;
  check(wasmsig_registry_create(&registry), "wasmsig_registry_create");
  for (size_t i = 0; i < count; i++) {
    wasmsig_instance instance = add(registry, i, kind);
    if (instances) instances[i] = instance;
  }
  return registry;
}

static void destroy(wasmsig_registry *registry) {
  check(wasmsig_registry_destroy(registry), "wasmsig_registry_destroy");
}

static void run_registry(void *registry) {
  check(wasmsig_registry_raise(registry, SIGNAL), "wasmsig_registry_raise");
}
static void run_array(void *array) { array_raise(array, SIGNAL); }
static void run_counted(void *array) { array_raise_counted(array, SIGNAL); }
static void run_counts(void *array) { count_in_and_out(array); }
static void run_full(void *array) { full_array_raise(array, SIGNAL); }
static void run_list(void *list) { list_raise(list, SIGNAL); }

/* ------------------------------------------------------------------ raise */

static struct array new_array(size_t count) {
  struct array array = {get(count, sizeof *array.signal), count, 0};
  for (size_t i = 0; i < count; i++)
    array.signal[i] = arena_places(&arena, i).signal;
  return array;
}

static struct full_array new_full_array(size_t count) {
  struct full_array array = {get(count, sizeof *array.places), count};
  for (size_t i = 0; i < count; i++) array.places[i] = arena_places(&arena, i);
  return array;
}

/* Goes through the words in the same order as the array, and through its own
 * nodes in a random one, as a list does after a while. The nodes are one
 * allocation, which is returned. */
static struct node *new_list(size_t count, struct list *list) {
  struct node *nodes = get(count, sizeof *nodes);
  uint32_t *place = get(count, sizeof *place);
  uint64_t state = 2;
  for (size_t i = 0; i < count; i++) place[i] = (uint32_t)i;
  arena_shuffle(place, count, &state);
  list->first = NULL;
  for (size_t i = count; i-- > 0;) {
    nodes[place[i]].signal = arena_places(&arena, i).signal;
    list_add(list, &nodes[place[i]]);
  }
  free(place);
  return nodes;
}

/* How many raises to `count` instances are a sample. */
static long batch_of(size_t count) {
  return count < STORES ? (long)(STORES / count) : 1;
}

/* Samples, fewer of the large registries: they take a while. */
static long rounds_of(size_t count) {
  long rounds = count < 100000 ? samples
                : count < MOST ? samples / 2
                               : samples / 8;
  return rounds > 0 ? rounds : 1;
}

static void measure_raise(size_t count, const char *row, const char *list_row,
                          const char *counted_row) {
  wasmsig_registry *registry = new_registry(count, SIGNAL_ONLY, NULL);
  struct array array = new_array(count);
  struct list list;
  struct node *nodes = new_list(count, &list);
  struct contender ours = {NULL, run_registry, registry};
  const struct rival rivals[] = {
      {row, {"array", run_array, &array}},
      {list_row, {"list", run_list, &list}},
      {counted_row, {"array, counted", run_counted, &array}}};
  measure(ours, rivals, counted_row ? 3 : 2, batch_of(count), rounds_of(count),
          (double)count);
  free(nodes);
  free(array.signal);
  destroy(registry);
}

static void measure_full_raise(size_t count, const char *row) {
  wasmsig_registry *registry = new_registry(count, ALL_WORDS, NULL);
  struct full_array array = new_full_array(count);
  struct contender ours = {NULL, run_registry, registry};
  const struct rival rival = {row, {"array", run_full, &array}};
  measure(ours, &rival, 1, batch_of(count), rounds_of(count), (double)count);
  free(array.places);
  destroy(registry);
}

/* The cost of a walk before its first instance. */
static void measure_empty_raise(void) {
  wasmsig_registry *registry = new_registry(0, SIGNAL_ONLY, NULL);
  struct array array = {NULL, 0, 0};
  struct contender ours = {NULL, run_registry, registry};
  const struct rival rival = {"raise_0",
                              {"locked additions", run_counts, &array}};
  measure(ours, &rival, 1, batch_of(10), samples, 1);
  destroy(registry);
}

/* ---------------------------------------------------------- add and remove */

/* Adds and removes beside `tracked` other instances. */
struct turnover {
  wasmsig_registry *registry;
  wasmsig_instance *instances;
  size_t tracked;
  struct list list;
  struct node *nodes;
  struct node spare;
  size_t next;
  uint64_t random;
};

/* Adds a new instance, and removes it. */
static void run_pair(void *self) {
  struct turnover *turnover = self;
  size_t memory = MOST + turnover->next++ % SPARE;
  drop(turnover->registry, add(turnover->registry, memory, ALL_WORDS));
}
static void run_list_pair(void *self) {
  struct turnover *turnover = self;
  list_add(&turnover->list, &turnover->spare);
  list_filter(&turnover->list, &turnover->spare);
}

/* Removes a random instance, and adds it again. */
static void run_pair_any(void *self) {
  struct turnover *turnover = self;
  size_t i = (size_t)(arena_random(&turnover->random) % turnover->tracked);
  drop(turnover->registry, turnover->instances[i]);
  turnover->instances[i] = add(turnover->registry, i, ALL_WORDS);
}
static void run_list_pair_any(void *self) {
  struct turnover *turnover = self;
  size_t i = (size_t)(arena_random(&turnover->random) % turnover->tracked);
  list_filter(&turnover->list, &turnover->nodes[i]);
  list_add(&turnover->list, &turnover->nodes[i]);
}

/*
 * Where a pair is slow in the list, the list's turn is one pair, and such turns
 * are few. The list's scan also removes the registry from the caches, which is
 * an effect of the benchmark alone. So a batch that is not timed comes first.
 */
static void measure_turnover(struct turnover *turnover, const char *row,
                             void (*run)(void *), void (*run_rival)(void *)) {
  struct contender ours = {NULL, run, turnover};
  struct contender list = {"list", run_rival, turnover};
  bool is_long = turnover->tracked >= MOST;
  long rounds = is_long && samples > MOST_SCANS ? MOST_SCANS : samples;
  time_batch(list, 1);
  for (long round = 0; round < rounds; round++) {
    time_batch(ours, PAIRS);
    print(row, "ns", NULL, time_batch(ours, PAIRS));
    print(row, "ns", list.what, time_batch(list, is_long ? 1 : PAIRS));
  }
}

static size_t allocated(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static void measure_memory(size_t count) {
  size_t before = allocated();
  wasmsig_registry *registry = new_registry(count, ALL_WORDS, NULL);
  size_t bytes = allocated() - before;
  print("memory_1m", "bytes", NULL, (double)bytes / (double)count);
  destroy(registry);
}

static void measure_pairs(size_t count, const char *row, const char *any_row) {
  struct turnover turnover = {.tracked = count, .random = 3};
  turnover.instances = get(count, sizeof *turnover.instances);
  turnover.registry = new_registry(count, ALL_WORDS, turnover.instances);
  turnover.nodes = new_list(count, &turnover.list);
  measure_turnover(&turnover, row, run_pair, run_list_pair);
  measure_turnover(&turnover, any_row, run_pair_any, run_list_pair_any);
  destroy(turnover.registry);
  free(turnover.instances);
  free(turnover.nodes);
}

/* ------------------------------------------------- raise during add, remove */

struct crowd {
  wasmsig_registry *registry;
  size_t first;  /* of its memories */
  uint32_t stop; /* atomic */
  pthread_t thread;
};

static void *come_and_go(void *self) {
  struct crowd *crowd = self;
  wasmsig_instance here[CROWD] = {0};
  uint64_t random = crowd->first;
  while (!__atomic_load_n(&crowd->stop, __ATOMIC_RELAXED)) {
    size_t i = (size_t)(arena_random(&random) % CROWD);
    if (here[i]) drop(crowd->registry, here[i]);
    here[i] = here[i] ? 0 : add(crowd->registry, crowd->first + i, SIGNAL_ONLY);
  }
  for (size_t i = 0; i < CROWD; i++)
    if (here[i]) drop(crowd->registry, here[i]);
  return NULL;
}

static void start_crowds(struct crowd *crowds, wasmsig_registry *registry) {
  for (size_t i = 0; i < THREADS; i++) {
    crowds[i] = (struct crowd){.registry = registry, .first = MOST + i * CROWD};
    if (pthread_create(&crowds[i].thread, NULL, come_and_go, &crowds[i]))
      fail("pthread_create", "no thread");
  }
}

static void stop_crowds(struct crowd *crowds) {
  for (size_t i = 0; i < THREADS; i++) {
    __atomic_store_n(&crowds[i].stop, 1, __ATOMIC_RELAXED);
    pthread_join(crowds[i].thread, NULL);
  }
}

/* The same raises by two clocks. CPU time does not include the time in which
 * another thread had the processor, which is not a cost of the registry. */
struct raises {
  int64_t cpu_ns[WALKS];
  int64_t wall_ns[WALKS];
};

static void time_raises(wasmsig_registry *registry, struct raises *raises) {
  for (size_t i = 0; i < WALKS; i++) {
    int64_t cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
    int64_t wall = now_ns(CLOCK_MONOTONIC);
    run_registry(registry);
    raises->wall_ns[i] = now_ns(CLOCK_MONOTONIC) - wall;
    raises->cpu_ns[i] = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
  }
}

static int compare(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* Sorts them. */
static void print_tail(const char *clock, const char *what, int64_t *ns) {
  char row[32];
  qsort(ns, WALKS, sizeof *ns, compare);
  const size_t middle = WALKS / 2, last = WALKS - 1 - WALKS / 10000;
  double median = (double)ns[middle], tail = (double)ns[last];
  snprintf(row, sizeof row, "busy_%s_p50", clock);
  print(row, "us", what, median / 1000);
  snprintf(row, sizeof row, "busy_%s_p9999", clock);
  print(row, "us", what, tail / 1000);
  snprintf(row, sizeof row, "busy_%s_tail", clock);
  print(row, "medians", what, tail / median);
}

static void measure_busy_raise(size_t count) {
  wasmsig_registry *registry = new_registry(count, SIGNAL_ONLY, NULL);
  struct raises *raises = get(1, sizeof *raises);
  long rounds = samples < MOST_ROUNDS ? samples : MOST_ROUNDS;
  for (long i = 0; i < 2 * rounds; i++) {
    bool busy = (i + i / 2) % 2 == 0; /* busy, quiet, quiet, busy, … */
    struct crowd crowds[THREADS];
    if (busy) start_crowds(crowds, registry);
    time_raises(registry, raises);
    if (busy) stop_crowds(crowds);
    print_tail("cpu", busy ? NULL : "no other threads", raises->cpu_ns);
    print_tail("wall", busy ? NULL : "no other threads", raises->wall_ns);
  }
  free(raises);
  destroy(registry);
}

/* ---------------------------------------------------------------- command */

static void measure_all(void) {
  measure_empty_raise();
  measure_raise(100, "raise_100", "raise_100_vs_list", "raise_100_vs_counted");
  measure_raise(10000, "raise_10k", "raise_10k_vs_list", NULL);
  measure_raise(100000, "raise_100k", "raise_100k_vs_list", NULL);
  measure_raise(MOST, "raise_1m", "raise_1m_vs_list", NULL);
  measure_full_raise(100, "raise_full_100");
  measure_full_raise(10000, "raise_full_10k");
  measure_full_raise(100000, "raise_full_100k");
  measure_full_raise(MOST, "raise_full_1m");
  measure_pairs(100, "pair_100", "pair_100_any");
  measure_pairs(MOST, "pair_1m", "pair_1m_any");
  measure_memory(MOST);
  measure_busy_raise(10000);
}

/* 0 if the arguments cannot be used. */
static long parse_samples(int argc, char **argv) {
  if (argc == 1) return DEFAULT_SAMPLES;
  char *end;
  long wanted = strtol(argv[1], &end, 10);
  bool usable =
      argc == 2 && *end == '\0' && wanted >= 1 && wanted <= MOST_SAMPLES;
  return usable ? wanted : 0;
}

int main(int argc, char **argv) {
  samples = parse_samples(argc, argv);
  if (samples == 0) {
    fprintf(stderr, "usage: registry [SAMPLES]    1 to %d, %d by default\n",
            MOST_SAMPLES, DEFAULT_SAMPLES);
    return 2;
  }
  if (!arena_create(&arena, MOST + SPARE)) fail("arena", "out of memory");

  measure_all();
  arena_destroy(&arena);
  return EXIT_SUCCESS;
}
