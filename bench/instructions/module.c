/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The module reader, and the instrumenter: on modules made here, and on a
 * program with debug information that clang has made (guest.c).
 */
#include "../made_module.h"
#include "paths.h"

#include <stdio.h>
#include <stdlib.h>

#include <wasmsig/module.h>
#include "wasmsig/instrument.h"

#define SMALL_FUNCTIONS 1000u
#define SMALL 100u
#define LARGE_FUNCTIONS 4u
#define LARGE 25000u

static struct made_module module;

static void begin(enum made_body body, size_t count, size_t size) {
  if (made_module_create(&module, body, count, size)) return;
  fprintf(stderr, "instructions: out of memory\n");
  exit(EXIT_FAILURE);
}

static void begin_small(void) {
  begin(MADE_ARITHMETIC, SMALL_FUNCTIONS, SMALL);
}
static void begin_large(void) {
  begin(MADE_ARITHMETIC, LARGE_FUNCTIONS, LARGE);
}
static void begin_loops(void) { begin(MADE_LOOPS, SMALL_FUNCTIONS, SMALL); }

static void begin_debug(void) {
  FILE *file = fopen(WASMSIG_DEBUG_GUEST, "rb");
  module = (struct made_module){malloc(1 << 20), 0, 1 << 20};
  if (file && module.bytes)
    module.length = fread(module.bytes, 1, module.capacity, file);
  if (file) fclose(file);
  if (module.length > 0) return;
  perror("instructions: " WASMSIG_DEBUG_GUEST);
  exit(EXIT_FAILURE);
}

static void end(void) { made_module_destroy(&module); }

static void inspect(_Bool polls) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = polls;
  check(wasmsig_module_inspect(module.bytes, module.length, &options, &report),
        "inspect");
  wasmsig_module_report_release(&report);
}
static void read_module(void) { inspect(0); }
static void read_polls(void) { inspect(1); }

static void instrument(void) {
  wasmsig_instrument_options options = WASMSIG_INSTRUMENT_OPTIONS_INIT;
  options.words = WASMSIG_WORDS_DEFAULT | WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE);
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  int error = wasmsig_instrument(module.bytes, module.length, &options, &made);
  check(error ? -1 : 0, made.why ? made.why : "instrument");
  wasmsig_instrumented_release(&made);
}

static const struct path list[] = {
    {"module reader: 1000 functions", begin_small, read_module, end, 10},
    {"module reader: 4 large functions", begin_large, read_module, end, 10},
    {"module reader: 100 kB of code in search of polls", begin_large,
     read_polls, end, 1},
    {"instrument: 1000 functions with loops", begin_loops, instrument, end, 1},
    {"instrument: a program with DWARF", begin_debug, instrument, end, 1},
};

const struct paths module_paths = {list, sizeof list / sizeof *list};
