/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Builds a text and writes it to a descriptor. Signal handlers may use it: it
 * needs no allocation, no lock and no locale of the C library.
 *
 *     struct cli_text text = {.descriptor = STDERR_FILENO, .patience_ms = -1};
 *     cli_text_add(&text, "wasmsig: ");
 *     cli_text_number(&text, 42);
 *     cli_text_write(&text);
 *
 * Nothing is written before cli_text_write(), so that a line arrives in one
 * piece. A text longer than `bytes` is written each time they are full.
 */
#ifndef WASMSIG_CLI_TEXT_TEXT_H
#define WASMSIG_CLI_TEXT_TEXT_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct cli_text {
  int descriptor;
  /* How long to wait for a reader, in total; -1: without limit. After that the
   * rest of the text is dropped. */
  int patience_ms;
  size_t length;        /* of the part that is not written yet */
  char bytes[PIPE_BUF]; /* a pipe that is ready takes this many at once */
};

void cli_text_add(struct cli_text *text, const char *string);
void cli_text_number(struct cli_text *text, uint64_t number);
void cli_text_duration(struct cli_text *text, uint64_t ns); /* "12.3 ms" */
void cli_text_size(struct cli_text *text, uint64_t bytes);  /* "1.5 MiB" */

/* A JSON string, valid for any bytes. */
void cli_text_json(struct cli_text *text, const char *string);

/* A name or a message; control characters are escaped. */
void cli_text_name(struct cli_text *text, const char *string);

/* Writes the part that is not written yet. */
void cli_text_write(struct cli_text *text);

#endif
