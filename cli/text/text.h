/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Text for a descriptor, put together without the C library's formatting, so
 * that a signal handler may do it: no allocation, no lock, no locale.
 *
 *     struct cli_text text = {.descriptor = STDERR_FILENO, .patience_ms = -1};
 *     cli_text_add(&text, "wasmsig: ");
 *     cli_text_number(&text, 42);
 *     cli_text_write(&text);
 *
 * Nothing is written before cli_text_write(), so that a line comes in one
 * piece, unless it is longer than `bytes`: these are written when they are
 * full.
 */
#ifndef WASMSIG_CLI_TEXT_TEXT_H
#define WASMSIG_CLI_TEXT_TEXT_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct cli_text {
  int descriptor;
  /* How long to wait, in all, for somebody who reads; -1: for ever. When it is
   * over, the rest is dropped, and what is added later. */
  int patience_ms;
  size_t length;        /* of what is not written yet */
  char bytes[PIPE_BUF]; /* a pipe that is ready takes as many at once */
};

void cli_text_add(struct cli_text *text, const char *string);
void cli_text_number(struct cli_text *text, uint64_t number);
void cli_text_duration(struct cli_text *text, uint64_t ns); /* "12.3 ms" */
void cli_text_size(struct cli_text *text, uint64_t bytes);  /* "1.5 MiB" */

/* Quoted, and always JSON, whatever the bytes. */
void cli_text_json(struct cli_text *text, const char *string);

/* A name or a message, without control characters. */
void cli_text_name(struct cli_text *text, const char *string);

/* What has not been written yet. */
void cli_text_write(struct cli_text *text);

#endif
