/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Adds the result of `wasmsig instrument` to each case of the input (see
 * generate.rs). The number of a case chooses the options:
 *
 *     generate ... | pairs | ...
 *
 * Standard output, little-endian:
 *
 *     pair   number u32, length u32, module, length u32, calls,
 *            way u32, placement u32, polls u64, length u32, made
 *
 * A refused module has an empty `made`, and so has one that stays as it is.
 */
#include "wasmsig/instrument.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LONG UINT32_MAX
#define ONLY_MEMORY WASMSIG_WORDS_IN(WASMSIG_WORDS_MEMORY)

/* `--for jsc` is the default, `--for v8` and `--for wasmtime` are `--every 1`.
 */
static const wasmsig_instrument_options ways[] = {
    {.size = sizeof(wasmsig_instrument_options), .every = 0},
    {.size = sizeof(wasmsig_instrument_options), .every = 1},
    {.size = sizeof(wasmsig_instrument_options), .calls = true},
    {.size = sizeof(wasmsig_instrument_options),
     .every = 1,
     .calls = true,
     .words = ONLY_MEMORY},
    {.size = sizeof(wasmsig_instrument_options), .every = 7},
    {.size = sizeof(wasmsig_instrument_options), .words = ONLY_MEMORY}};

struct bytes {
  uint8_t *start;
  uint32_t length;
};

static void fail(const char *what) {
  fprintf(stderr, "pairs: %s\n", what);
  exit(EXIT_FAILURE);
}

static void put_number(uint64_t number, int width) {
  for (int i = 0; i < width; i++) putchar((int)(number >> 8 * i & 0xff));
}

static void put(const uint8_t *start, size_t length) {
  if (length >= LONG) fail("a module is too long");
  put_number(length, 4);
  fwrite(start, 1, length, stdout);
}

static bool take_number(uint32_t *number) {
  uint8_t bytes[4];
  if (fread(bytes, 1, sizeof bytes, stdin) != sizeof bytes) return false;
  *number = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
            (uint32_t)bytes[3] << 24;
  return true;
}

static struct bytes take(void) {
  struct bytes taken = {NULL, 0};
  if (!take_number(&taken.length)) fail("the input ends within a case");
  taken.start = malloc(taken.length > 0 ? taken.length : 1);
  if (!taken.start ||
      fread(taken.start, 1, taken.length, stdin) != taken.length)
    fail("the input ends within a case");
  return taken;
}

/* Refusals are expected only of what the reader does not know. */
static void report_refusal(uint32_t number, const wasmsig_instrumented *made) {
  if (made->why)
    fprintf(stderr, "refused: %" PRIu32 ": %s\n", number, made->why);
}

static void put_made(uint32_t number, const struct bytes *module) {
  uint32_t way = number % (sizeof ways / sizeof *ways);
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  int error =
      wasmsig_instrument(module->start, module->length, &ways[way], &made);
  if (error < 0) fail("an error of the library");
  if (module->length > 0) report_refusal(number, &made);
  put_number(way, 4);
  put_number(made.placement, 4);
  put_number(made.polls, 8);
  put(made.bytes, made.polls > 0 ? made.length : 0);
  wasmsig_instrumented_release(&made);
}

int main(void) {
  uint32_t number;
  while (take_number(&number)) {
    struct bytes module = take(), calls = take();
    put_number(number, 4);
    put(module.start, module.length);
    put(calls.start, calls.length);
    put_made(number, &module);
    free(module.start);
    free(calls.start);
  }
  return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
