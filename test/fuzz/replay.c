/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The fuzzer's checks without a fuzzer: on all modules of a folder, and on
 * COUNT modules made from them, which are the same each time.
 *
 *     replay FOLDER COUNT
 *
 * If it fails, it prints the number; `mutants FOLDER NUMBER 1` writes it.
 */
#include "corpus.h"
#include "instrumented.h"
#include "mutate.h"
#include "ways.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In memory of exactly its length, so that a read past it is detected. */
static void check(const uint8_t *bytes, size_t length) {
  uint8_t *copy = malloc(length > 0 ? length : 1);
  if (!copy) abort();
  if (length > 0) memcpy(copy, bytes, length);
  ways_check(copy, length);
  instrumented_check(copy, length);
  free(copy);
}

/* ---------------------------------------------------------------- failure */

static const char *volatile what = "seed";
static volatile uint32_t number;

static void tell(void) {
  fprintf(stderr, "replay: at %s %" PRIu32 "\n", what, number);
}

/* The process ends here, so stdio in a handler does no further harm. */
static void report_signal(int signal) {
  (void)signal;
  tell();
  _exit(EXIT_FAILURE);
}

/* A function of the sanitizer, if there is one. */
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

static void tell_failures(void) {
  signal(SIGABRT, report_signal);
  if (__sanitizer_set_death_callback)
    __sanitizer_set_death_callback(tell);
  else
    signal(SIGSEGV, report_signal);
}

int main(int argc, char **argv) {
  static uint8_t bytes[MUTATE_MOST];
  if (argc != 3) {
    fprintf(stderr, "usage: replay FOLDER COUNT\n");
    return 2;
  }
  struct corpus corpus = corpus_load(argv[1]);
  unsigned long count = strtoul(argv[2], NULL, 10);
  tell_failures();
  for (number = 0; number < corpus.count; number++)
    check(corpus.seeds[number].bytes, corpus.seeds[number].length);
  what = "module";
  for (number = 0; number < count; number++)
    check(bytes, corpus_mutant(&corpus, number, bytes));
  printf("%zu modules and %lu made from them\n", corpus.count, count);
  corpus_free(&corpus);
  return EXIT_SUCCESS;
}
