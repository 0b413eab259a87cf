/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What budgets of the same name have used together (named_use.c). */
#ifndef WASMSIG_NAMED_USE_H
#define WASMSIG_NAMED_USE_H

#include "killing.h"

#include <stddef.h>

/* A name in UTF-8, at most: lib/ permits 100 units of UTF-16. */
#define MOST_NAME_BYTES 300

struct section;

/* The figures of a name, which exist until the process ends. NULL: no memory.
 */
struct named_use *named_use_of(const char *name, size_t length);

/* A section of the budget has ended, and `around` is what runs now. Only the
 * last one of a budget that was entered several times counts. */
void named_use_add(struct killing *killing, const struct section *around);

/* The budget was found killed while no section of it ran. */
void named_use_add_kill(struct killing *killing);

#endif
