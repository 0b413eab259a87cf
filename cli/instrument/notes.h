/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Messages about one module that was instrumented, or was refused. */
#ifndef WASMSIG_CLI_INSTRUMENT_NOTES_H
#define WASMSIG_CLI_INSTRUMENT_NOTES_H

#include "instrument/request.h"

/* Prints why there is no new module. `error` is below 0 if it failed. */
void cli_note_refusal(const struct request *request,
                      const wasmsig_instrumented *made, int error);

/* Prints what the user may not expect, and what was requested. */
void cli_note_made(const struct request *request,
                   const wasmsig_instrumented *made);

/* Whether the words have a memory of their own beside others. */
bool cli_has_second_memory(const wasmsig_instrumented *made);

/* Whether a compiler has moved polls of the module out of their loops, so that
 * its handlers do not run there. */
bool cli_has_lifted_polls(const wasmsig_instrumented *made);

/* Whether the new module can only be stopped: it has no polls of its own, and
 * no function that its new polls can call for other signals. */
bool cli_takes_kill_only(const wasmsig_instrumented *made);

/* Why a module stays as it is. */
const char *cli_why_unchanged(const struct request *request);

#endif
