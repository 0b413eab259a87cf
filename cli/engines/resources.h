/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_ENGINES_RESOURCES_H
#define WASMSIG_CLI_ENGINES_RESOURCES_H

#include <stdbool.h>

/**
 * Checks that the limits of the process (ulimit, the container) leave Wasmtime
 * enough memory, threads and file descriptors. Without them Wasmtime aborts or
 * hangs. The check allocates them on trial, if a limit is low.
 *
 * has_folders: the guest may use files, for which Wasmtime starts threads
 * Returns:     NULL, or a sentence that is never freed.
 */
const char *cli_missing_resource(bool has_folders);

#endif
