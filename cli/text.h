/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A line of text that is put together without the C library's formatting, so
 * that a signal handler may do it: no allocation, no lock, no locale.
 */
#ifndef WASMSIG_CLI_TEXT_H
#define WASMSIG_CLI_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct cli_text {
  char bytes[4096];
  size_t length; /* what does not fit is left out */
};

void cli_text_add(struct cli_text *text, const char *string);
void cli_text_number(struct cli_text *text, uint64_t number);
void cli_text_duration(struct cli_text *text, uint64_t ns);    /* "12.3 ms" */
void cli_text_size(struct cli_text *text, uint64_t bytes);     /* "1.5 MiB" */
void cli_text_json(struct cli_text *text, const char *string); /* quoted */
void cli_text_write(const struct cli_text *text, int descriptor);

#endif
