/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Copies each module of the input (see mutants.c) to the output, followed by
 * the results of `wasmsig instrument` with several options. A refused module
 * has an empty result:
 *
 *     mutants ... | polls | oracle
 */
#include "wasmsig/instrument.h"

#include <stdio.h>
#include <stdlib.h>

static void put(const uint8_t *bytes, size_t length) {
  for (int shift = 0; shift < 32; shift += 8)
    putchar((int)(length >> shift & 0xff));
  fwrite(bytes, 1, length, stdout);
}

static void put_made(const uint8_t *bytes, size_t length) {
  static const wasmsig_instrument_options ways[] = {
      {.size = sizeof(wasmsig_instrument_options), .every = 0},
      {.size = sizeof(wasmsig_instrument_options), .calls = true},
      {.size = sizeof(wasmsig_instrument_options),
       .every = 1,
       .words = WASMSIG_WORDS_DEFAULT | WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE)},
      {.size = sizeof(wasmsig_instrument_options), .every = 7, .calls = true}};
  put(bytes, length);
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
    wasmsig_instrument(bytes, length, &ways[i], &made);
    put(made.bytes, made.length);
    wasmsig_instrumented_release(&made);
  }
}

int main(void) {
  uint8_t head[4];
  while (fread(head, 1, sizeof head, stdin) == sizeof head) {
    size_t length = (size_t)head[0] | (size_t)head[1] << 8 |
                    (size_t)head[2] << 16 | (size_t)head[3] << 24;
    uint8_t *bytes = malloc(length > 0 ? length : 1);
    if (!bytes || fread(bytes, 1, length, stdin) != length) return EXIT_FAILURE;
    put_made(bytes, length);
    free(bytes);
  }
  return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
