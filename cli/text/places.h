/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The places of the words: their names on the command line, and why they suit a
 * module or do not. */
#ifndef WASMSIG_CLI_TEXT_PLACES_H
#define WASMSIG_CLI_TEXT_PLACES_H

#include "wasmsig/instrument.h"

/* The name of a place: a number below WASMSIG_WORDS_COUNT. */
const char *cli_place_name(int place);

/* Reads "null-area,page": a set of WASMSIG_WORDS_IN(). "auto" is all that no
 * program can notice. False: a usage error was printed. */
bool cli_take_places(const char *text, uint32_t *places);

/* Prints a line for each place that was tried. If none suits the module, it has
 * no words of its own, and no line says so. */
void cli_explain_places(const char *path, const wasmsig_instrumented *made);

#endif
