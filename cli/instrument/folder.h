/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig instrument FOLDER -o OUT`: a copy of a folder in which the modules
 * have polls. OUT must not exist, or be an empty folder outside of FOLDER.
 *
 * A module is a regular file that starts as one, whatever its name. Modules
 * that are refused, and all other files, are copied as they are, with mode and
 * time. Symbolic links are copied as links. What is neither a file nor a folder
 * nor a link is left out, and so is what cannot be read. The report lists all
 * that a user may not expect.
 *
 * OUT appears when it is complete. If it cannot be written, or a signal ends
 * the process, it does not appear.
 */
#ifndef WASMSIG_CLI_INSTRUMENT_FOLDER_H
#define WASMSIG_CLI_INSTRUMENT_FOLDER_H

#include "instrument/request.h"

/* Returns the exit status: CLI_FAILED if something could not be read or
 * written, CLI_NOT_ALL if OUT is complete, but a module was refused. */
int cli_instrument_folder(const struct request *request);

#endif
