/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_ENGINES_RESOURCES_H
#define WASMSIG_CLI_ENGINES_RESOURCES_H

#include <stdbool.h>

/**
 * Whether the system gives Wasmtime what it takes for granted: it aborts, or
 * waits for ever, where a thread cannot be started, a descriptor opened or a
 * small block allocated. It is tried, if there is a limit that is low.
 *
 * has_folders: the guest may use files, for which Wasmtime starts threads
 * Returns:     NULL, or a sentence that is never freed.
 */
const char *cli_room_refusal(bool has_folders);

#endif
