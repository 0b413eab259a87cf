/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How long does the module reader take, beside a copy of the same bytes?
 *
 *     module [SAMPLES]     15 of each row by default
 *
 * Two modules of 100 MB: many functions of 200 bytes, and four huge ones. Each
 * is read from memory, from a file and from a source that cannot skip; then
 * all of its code is walked in search of polls. The baseline copies the bytes
 * in memory, or reads the file into a buffer of 64 KiB; it takes turns with
 * the reader. The file lies in the page cache.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
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

struct module {
  uint8_t *bytes, *copy;
  size_t length, capacity;
  int file;
};

static void put(struct module *module, const void *bytes, size_t length) {
  if (length > module->capacity - module->length) fail("module", "too large");
  memcpy(module->bytes + module->length, bytes, length);
  module->length += length;
}

/* Always five bytes, so that a size is known before what it is of. */
static void put_number(struct module *module, size_t number) {
  uint8_t bytes[5];
  for (int i = 0; i < 5; i++)
    bytes[i] = (uint8_t)(number >> 7 * i & 0x7f) | (i < 4 ? 0x80 : 0);
  put(module, bytes, sizeof bytes);
}

/* A loop's worth of arithmetic and memory, again and again. */
static void put_body(struct module *module, size_t size) {
  static const uint8_t start[] = {1, 2, 0x7f}, end[] = {0x0b},
                       step[] = {0x20, 0,    0x41, 0xff, 0,   0x6a,
                                 0x28, 0x02, 0x10, 0x21, 0x01},
                       nothing[] = {0x01};
  put_number(module, size);
  size_t last = module->length + size - sizeof end;
  put(module, start, sizeof start);
  while (last - module->length >= sizeof step) put(module, step, sizeof step);
  while (module->length < last) put(module, nothing, sizeof nothing);
  put(module, end, sizeof end);
}

#define put_literal(module, literal) put(module, literal, sizeof(literal) - 1)

static void put_functions(struct module *module, size_t count, size_t size) {
  put_literal(module, "\3");
  put_number(module, 5 + count);
  put_number(module, count);
  for (size_t i = 0; i < count; i++) put_literal(module, "\0");
  put_literal(module,
              "\5\3\1\0\2"
              "\6\7\1\x7f\0\x41\x80\x08\x0b"
              "\7\x1e\2\6memory\2\0\x11__instance_signal\3\0");
  put_literal(module, "\x0a");
  put_number(module, 5 + count * (5 + size));
  put_number(module, count);
  for (size_t i = 0; i < count; i++) put_body(module, size);
}

static int write_file(const struct module *module) {
  FILE *file = tmpfile();
  if (!file ||
      fwrite(module->bytes, 1, module->length, file) != module->length ||
      fflush(file))
    fail("temporary file", "cannot be written");
  return fileno(file); /* closed, and gone, at the end */
}

static struct module make_module(size_t count, size_t size) {
  struct module module = {.capacity = 4096 + count * (size + 6)};
  module.bytes = malloc(module.capacity);
  module.copy = malloc(module.capacity);
  if (!module.bytes || !module.copy) fail("malloc", "out of memory");
  put_literal(&module, "\0asm\1\0\0\0\1\4\1\x60\0\0");
  put_functions(&module, count, size);
  memset(module.copy, 1, module.length); /* its pages are there */
  module.file = write_file(&module);
  return module;
}

static void free_module(struct module *module) {
  free(module->bytes);
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
  take(wasmsig_module_inspect(module->bytes, module->length, &options, &report),
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
  memcpy(module->copy, module->bytes, module->length);
  /* Or else the compiler sees that nobody looks at it. */
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
  return ns / 1e6 * (1e8 / (double)module->length);
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
