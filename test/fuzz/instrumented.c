/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "instrumented.h"

#include "wasmsig/instrument.h"
#include "wasmsig/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not assert(): these must be checked in every build. */
#define MUST(condition)                                            \
  do {                                                             \
    if (!(condition)) {                                            \
      fprintf(stderr, "instrumented.c:%d: failed: %s\n", __LINE__, \
              #condition);                                         \
      abort();                                                     \
    }                                                              \
  } while (0)

static wasmsig_module_report inspect(const uint8_t *bytes, size_t length) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = true;
  MUST(wasmsig_module_inspect(bytes, length, &options, &report) == 0);
  return report;
}

static void must_be_refused(const wasmsig_instrumented *made) {
  MUST(made->why != NULL);
  MUST(made->bytes == NULL && made->length == 0);
  MUST(made->word >= -1 && made->word < WASMSIG_WORD_COUNT);
}

/* The reader must find the polls of a word whose address is known. */
static void must_have_polls(const wasmsig_instrumented *made,
                            const wasmsig_module_report *after) {
  if (after->words[WASMSIG_WORD_SIGNAL].source == WASMSIG_VALUE_CONSTANT)
    MUST(after->polls.atomic + after->polls.plain >= made->polls);
}

static void must_be_made(const wasmsig_instrumented *made) {
  const wasmsig_module_report *before = &made->report;
  MUST(made->why == NULL && made->word == -1);
  wasmsig_module_report after = inspect(made->bytes, made->length);
  MUST(after.verdict == WASMSIG_VERDICT_TRACKED);
  MUST(after.words[WASMSIG_WORD_SIGNAL].is_exported !=
       after.own_memory.is_exported);
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++)
    if (before->words[i].is_exported)
      MUST(after.words[i].index == before->words[i].index &&
           after.words[i].address == before->words[i].address);
  must_have_polls(made, &after);
  wasmsig_module_report_release(&after);
}

static void must_be_unchanged(const wasmsig_instrumented *made,
                              const uint8_t *bytes, size_t length) {
  MUST(made->length == length && memcmp(made->bytes, bytes, length) == 0);
}

static void must_not_be_made_again(const wasmsig_instrumented *made) {
  wasmsig_instrument_options options = WASMSIG_INSTRUMENT_OPTIONS_INIT;
  options.every = 1;
  wasmsig_instrumented again = WASMSIG_INSTRUMENTED_INIT;
  MUST(wasmsig_instrument(made->bytes, made->length, &options, &again) == 1);
  must_be_refused(&again);
  wasmsig_instrumented_release(&again);
}

void instrumented_check(const uint8_t *bytes, size_t length) {
  static const wasmsig_instrument_options ways[] = {
      {.size = sizeof(wasmsig_instrument_options), .every = 0},
      {.size = sizeof(wasmsig_instrument_options), .every = 1, .calls = true},
      {.size = sizeof(wasmsig_instrument_options),
       .every = 64,
       .words = WASMSIG_WORDS_DEFAULT | WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE)},
      {.size = sizeof(wasmsig_instrument_options), .every = 7, .calls = true},
      {.size = sizeof(wasmsig_instrument_options),
       .calls = true,
       .words = WASMSIG_WORDS_DEFAULT | WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE)}};
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  int error = wasmsig_instrument(
      bytes, length, &ways[length % (sizeof ways / sizeof *ways)], &made);
  MUST(error == 0 || error == 1);
  if (error) {
    must_be_refused(&made);
  } else if (made.polls == 0) {
    must_be_unchanged(&made, bytes, length);
  } else {
    must_be_made(&made);
    must_not_be_made_again(&made);
  }
  wasmsig_instrumented_release(&made);
}
