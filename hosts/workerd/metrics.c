/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The file is written by a thread of its own, at most once a second, and only
 * after something has changed: a request never waits for a disk. It is written
 * beside its place and renamed, so that a collector reads all of it or nothing.
 */
#include "metrics.h"

#include "settings.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Upper ends in ms of the histogram's buckets; the last is infinite. */
static const double bounds[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000};
#define BUCKETS (sizeof bounds / sizeof *bounds + 1)

static const char *const kinds[] = {"request", "actor", "startup", "import"};
#define KINDS (sizeof kinds / sizeof *kinds)
static const char *const outcomes[] = {"ok", "exceededCpu"};

struct histogram {
  uint64_t buckets[BUCKETS];
  uint64_t count, sum_ns;
};

/* All under the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct histogram histograms[KINDS][2];
static uint64_t signals;
static bool is_changed, is_started;

/* ------------------------------------------------------------------- text */

static void print_histogram(FILE *file, size_t kind, size_t outcome,
                            const struct histogram *histogram) {
  uint64_t below = 0;
  for (size_t i = 0; i < BUCKETS; i++) {
    char bound[32] = "+Inf";
    if (i + 1 < BUCKETS) snprintf(bound, sizeof bound, "%g", bounds[i] / 1e3);
    below += histogram->buckets[i];
    fprintf(file,
            "wasmsig_workerd_cpu_seconds_bucket{event=\"%s\",outcome=\"%s\","
            "le=\"%s\"} %" PRIu64 "\n",
            kinds[kind], outcomes[outcome], bound, below);
  }
  fprintf(file,
          "wasmsig_workerd_cpu_seconds_sum{event=\"%s\",outcome=\"%s\"} %.9f\n"
          "wasmsig_workerd_cpu_seconds_count{event=\"%s\",outcome=\"%s\"} "
          "%" PRIu64 "\n",
          kinds[kind], outcomes[outcome], (double)histogram->sum_ns / 1e9,
          kinds[kind], outcomes[outcome], histogram->count);
}

/* Under the lock. */
static void print_all(FILE *file) {
  uint64_t kills = 0;
  fputs(
      "# HELP wasmsig_workerd_cpu_seconds CPU time of events.\n"
      "# TYPE wasmsig_workerd_cpu_seconds histogram\n",
      file);
  for (size_t kind = 0; kind < KINDS; kind++)
    for (size_t outcome = 0; outcome < 2; outcome++)
      print_histogram(file, kind, outcome, &histograms[kind][outcome]);
  for (size_t kind = 0; kind < KINDS; kind++)
    kills += histograms[kind][1].count;
  fprintf(file,
          "# HELP wasmsig_workerd_signals_total Times SIGXCPU was raised.\n"
          "# TYPE wasmsig_workerd_signals_total counter\n"
          "wasmsig_workerd_signals_total %" PRIu64
          "\n"
          "# HELP wasmsig_workerd_kills_total Events stopped by a limit.\n"
          "# TYPE wasmsig_workerd_kills_total counter\n"
          "wasmsig_workerd_kills_total %" PRIu64 "\n",
          signals, kills);
}

/* ------------------------------------------------------------- the file */

static void put_in_place(const char *text, size_t size) {
  char *beside;
  if (asprintf(&beside, "%s.new", wkd_settings.metrics) < 0) return;
  FILE *file = fopen(beside, "we");
  bool is_written = file && fwrite(text, 1, size, file) == size;
  if (file && fclose(file) != 0) is_written = false;
  if (!is_written || rename(beside, wkd_settings.metrics) != 0) remove(beside);
  free(beside);
}

/* Under the lock, which it releases meanwhile. */
static void write_file(void) {
  char *text = NULL;
  size_t size = 0;
  FILE *memory = open_memstream(&text, &size);
  if (!memory) return;
  print_all(memory);
  is_changed = false;
  bool is_complete = fclose(memory) == 0;
  pthread_mutex_unlock(&lock);
  if (is_complete) put_in_place(text, size);
  free(text);
  pthread_mutex_lock(&lock);
}

static void *keep_writing(void *unused) {
  const struct timespec second = {1, 0};
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!is_changed) pthread_cond_wait(&changed, &lock);
    write_file();
    pthread_mutex_unlock(&lock);
    nanosleep(&second, NULL);
    pthread_mutex_lock(&lock);
  }
  return unused;
}

static void write_at_exit(void) {
  pthread_mutex_lock(&lock);
  if (is_changed) write_file();
  pthread_mutex_unlock(&lock);
}

/* Under the lock. Signals of the process are for the runtime's threads. */
static void start(void) {
  pthread_t thread;
  sigset_t all, before;
  is_started = true;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&thread, NULL, keep_writing, NULL) == 0)
    pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  atexit(write_at_exit);
}

/* --------------------------------------------------------------- counting */

static size_t bucket_of(uint64_t ns) {
  size_t bucket = 0;
  while (bucket + 1 < BUCKETS && (double)ns > bounds[bucket] * 1e6) bucket++;
  return bucket;
}

void wkd_metrics_count(const struct wkd_event *event) {
  size_t kind = 0;
  while (kind + 1 < KINDS && strcmp(kinds[kind], event->kind) != 0) kind++;
  pthread_mutex_lock(&lock);
  if (!is_started) start();
  struct histogram *histogram = &histograms[kind][event->exceeded_cpu];
  histogram->buckets[bucket_of(event->cpu_ns)]++;
  histogram->count++;
  histogram->sum_ns += event->cpu_ns;
  signals += event->signals;
  is_changed = true;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&lock);
}
