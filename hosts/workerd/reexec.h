/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The runtime's start of itself, which keeps its limits. */
#ifndef WSIG_WORKERD_REEXEC_H
#define WSIG_WORKERD_REEXEC_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Keeps the settings for when this process starts its executable again. Call it
 * once, while they are in the environment. `names`: the variables. `library`:
 * this library as the loader names it; a descriptor of its own is closed.
 *
 * Returns:   false, out of memory or the library has no path.
 */
bool wkd_reexec_prepare(const char *const *names, size_t count,
                        const char *library);

#endif
