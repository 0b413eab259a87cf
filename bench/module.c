/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How long does the module reader take, beside a copy of the same bytes?
 *
 *     module [SAMPLES]     15 of each row by default
 *
 * Two modules of 100 MB: many functions of 200 bytes, and four huge ones. Each
 * is read from memory, from a file and from a source that cannot skip; then
 * its whole code is searched for polls. The baseline copies the bytes
 * in memory, or reads the file into a buffer of 64 KiB; it takes turns with
 * the reader. The file lies in the page cache.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "made_module.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <wasmsig/module.h>

#define CODE_BYTES 100000000
#define SMALL_BODY 200
#define HUGE_FUNCTIONS 4
#define BUFFER ((size_t)64 << 10)
#define DEFAULT_SAMPLES 15
#define MOST_SAMPLES 100000

static _Noreturn void fail(const char *what, const char *why) {
  fprintf(stderr, "module: %s: %s\n", what, why);
  _exit(EXIT_FAILURE);
}

/* ---------------------------------------------------------------- modules */

/* A made module, room for a copy of it, and it in a file. */
struct module {
  struct made_module made;
  uint8_t *copy;
  int file;
};

static int write_file(const struct module *module) {
  FILE *file = tmpfile();
  if (!file ||
      fwrite(module->made.bytes, 1, module->made.length, file) !=
          module->made.length ||
      fflush(file))
    fail("temporary file", "cannot be written");
  return fileno(file); /* closed, and gone, at the end */
}

static struct module make_module(size_t count, size_t size) {
  struct module module = {0};
  if (!made_module_create(&module.made, MADE_ARITHMETIC, count, size))
    fail("malloc", "out of memory");
  module.copy = malloc(module.made.length);
  if (!module.copy) fail("malloc", "out of memory");
  memset(module.copy, 1, module.made.length); /* its pages are there */
  module.file = write_file(&module);
  return module;
}

static void free_module(struct module *module) {
  made_module_destroy(&module->made);
  free(module->copy);
}

/* ------------------------------------------------------------------- ways */

static void take(int error, wasmsig_module_report *report) {
  if (error || report->verdict != WASMSIG_VERDICT_TRACKED)
    fail("report", wasmsig_verdict_text(report->verdict));
  wasmsig_module_report_release(report);
}

static void inspect(struct module *module, bool polls) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = polls;
  take(wasmsig_module_inspect(module->made.bytes, module->made.length, &options,
                              &report),
       &report);
}

static void read_memory(struct module *module) { inspect(module, false); }
static void read_polls(struct module *module) { inspect(module, true); }

static void rewind_file(const struct module *module) {
  if (lseek(module->file, 0, SEEK_SET)) fail("lseek", "failed");
}

static void read_file(struct module *module) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  rewind_file(module);
  take(wasmsig_module_inspect_file(module->file, NULL, &report), &report);
}

static ptrdiff_t read_some(void *context, void *buffer, size_t capacity) {
  const struct module *module = context;
  return read(module->file, buffer, capacity);
}

static void read_source(struct module *module) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_source source = {module, read_some, NULL};
  rewind_file(module);
  take(wasmsig_module_inspect_source(&source, NULL, &report), &report);
}

static void copy_memory(struct module *module) {
  memcpy(module->copy, module->made.bytes, module->made.length);
  /* Otherwise the compiler removes the unused copy. */
  __asm__ volatile("" : : "r"(module->copy) : "memory");
}

static void copy_file(struct module *module) {
  rewind_file(module);
  ssize_t count;
  do count = read(module->file, module->copy, BUFFER);
  while (count > 0);
}

/* --------------------------------------------------------------- samples */

typedef void way(struct module *module);

/* ms for 100 MB, whatever the module has besides. */
static double time_way(way *run, struct module *module) {
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  run(module);
  clock_gettime(CLOCK_MONOTONIC, &end);
  double ns = (double)(end.tv_sec - start.tv_sec) * 1e9 +
              (double)(end.tv_nsec - start.tv_nsec);
  return ns / 1e6 * (1e8 / (double)module->made.length);
}

static const struct {
  const char *row;
  way *run;
  const char *what; /* the baseline */
  way *baseline;
  const char *goal;
} rows[] = {
    {"memory", read_memory, "memcpy", copy_memory, ",\"goal\":{\"p50\":100}"},
    {"file", read_file, "read", copy_file, ",\"goal\":{\"p50\":100}"},
    {"source", read_source, "read", copy_file, ""},
    {"polls", read_polls, "memcpy", copy_memory, ""},
};

static void measure(struct module *module, const char *kind, size_t i) {
  printf(
      "{\"bench\":\"module\",\"row\":\"%s_%s\",\"who\":\"wasmsig\","
      "\"unit\":\"ms\",\"sample\":%.6g%s}\n",
      rows[i].row, kind, time_way(rows[i].run, module), rows[i].goal);
  printf(
      "{\"bench\":\"module\",\"row\":\"%s_%s\",\"who\":\"baseline\","
      "\"what\":\"%s\",\"unit\":\"ms\",\"sample\":%.6g}\n",
      rows[i].row, kind, rows[i].what, time_way(rows[i].baseline, module));
}

static void measure_module(size_t count, size_t size, const char *kind,
                           long samples) {
  struct module module = make_module(count, size);
  read_polls(&module); /* warm */
  for (long sample = 0; sample < samples; sample++)
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
      measure(&module, kind, i);
  free_module(&module);
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
  long samples = parse_samples(argc, argv);
  if (samples == 0) {
    fprintf(stderr, "usage: module [SAMPLES]    1 to %d, %d by default\n",
            MOST_SAMPLES, DEFAULT_SAMPLES);
    return 2;
  }
  measure_module(CODE_BYTES / SMALL_BODY, SMALL_BODY, "many", samples);
  measure_module(HUGE_FUNCTIONS, CODE_BYTES / HUGE_FUNCTIONS, "huge", samples);
  return EXIT_SUCCESS;
}
