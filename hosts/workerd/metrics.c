/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The file is written by a thread of its own, at most once a second, and only
 * after something has changed: a request never waits for a disk. It is written
 * beside its place, in a file of this process, and renamed: a collector reads
 * all of it or nothing, also if several processes write the same file.
 */
#include "metrics.h"

#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Set before the first event. NULL: there is no file. */
static char *file_path, *new_path;

/* All under the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct histogram histograms[KINDS][2];
static uint64_t signals;
static bool is_changed;

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
  FILE *file = fopen(new_path, "we");
  bool is_written = file && fwrite(text, 1, size, file) == size;
  if (file && fclose(file) != 0) is_written = false;
  if (!is_written || rename(new_path, file_path) != 0) remove(new_path);
}

/* A copy of the numbers is printed, so that no request waits for a disk. */
static void write_file(void) {
  char *text = NULL;
  size_t size = 0;
  FILE *memory = open_memstream(&text, &size);
  if (!memory) return;
  pthread_mutex_lock(&lock);
  bool is_new = is_changed;
  if (is_new) print_all(memory);
  is_changed = false;
  pthread_mutex_unlock(&lock);
  bool is_complete = fclose(memory) == 0;
  if (is_new && is_complete) put_in_place(text, size);
  free(text);
}

static void *run(void *unused);
static struct wkd_writer writer = {
    .write = write_file, .body = run, .interval_ns = 1000000000};

static void *run(void *unused) {
  (void)unused;
  wkd_writer_run(&writer);
}

void wkd_metrics_flush(uint64_t until_ns) {
  wkd_writer_flush(&writer, until_ns);
}

/* ------------------------------------------------------------- preparation */

/* With the process id in place of each %p; NULL: out of memory. */
static char *with_process_id(const char *path) {
  char *text = NULL;
  size_t size = 0;
  FILE *memory = open_memstream(&text, &size);
  if (!memory) return NULL;
  for (const char *mark; (mark = strstr(path, "%p")); path = mark + 2)
    fprintf(memory, "%.*s%d", (int)(mark - path), path, (int)getpid());
  fputs(path, memory);
  if (fclose(memory) == 0) return text;
  free(text);
  return NULL;
}

/* What rename() would replace or refuse: a directory, or a device. */
static bool is_special(const char *path) {
  struct statx status;
  /* stat() would require glibc 2.33. */
  return syscall(SYS_statx, AT_FDCWD, path, 0, STATX_TYPE, &status) == 0 &&
         !S_ISREG(status.stx_mode);
}

/* NULL, or why not. */
static const char *try_to_write(void) {
  static char reason[100];
  if (is_special(file_path)) return "it is not a regular file";
  FILE *file = fopen(new_path, "we");
  if (!file) return strerror_r(errno, reason, sizeof reason);
  fclose(file);
  remove(new_path);
  return NULL;
}

const char *wkd_metrics_prepare(const char *path) {
  file_path = with_process_id(path);
  if (!file_path ||
      asprintf(&new_path, "%s.%d.new", file_path, (int)getpid()) < 0)
    return "out of memory";
  return try_to_write();
}

/* --------------------------------------------------------------- counting */

static size_t bucket_of(uint64_t ns) {
  size_t bucket = 0;
  while (bucket + 1 < BUCKETS && (double)ns > bounds[bucket] * 1e6) bucket++;
  return bucket;
}

void wkd_metrics_count(const struct wkd_event *event) {
  size_t kind = 0;
  if (!file_path) return;
  while (kind + 1 < KINDS && strcmp(kinds[kind], event->kind) != 0) kind++;
  pthread_mutex_lock(&lock);
  struct histogram *histogram = &histograms[kind][event->exceeded_cpu];
  histogram->buckets[bucket_of(event->cpu_ns)]++;
  histogram->count++;
  histogram->sum_ns += event->cpu_ns;
  signals += event->signals;
  bool was_changed = is_changed;
  is_changed = true;
  wkd_writer_start(&writer);
  pthread_mutex_unlock(&lock);
  if (!was_changed) wkd_writer_wake(&writer);
}
