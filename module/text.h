/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arrays and names. They grow as bytes arrive, not by an announced length. */
#ifndef WSIG_MODULE_TEXT_H
#define WSIG_MODULE_TEXT_H

#include "cursor.h"

/** Makes space for one more item. Returns the array, which may have moved; NULL
 * if out of memory. */
void *wsig_array_grow(void *items, size_t count, size_t *capacity,
                      size_t item_size);

struct wsig_text {
  char *bytes;
  size_t length, capacity;
};

void wsig_text_release(struct wsig_text *text);

/** Reads a name, which must be UTF-8, and appends it to `text`. With NULL it
 * only checks the name. Returns its length. */
size_t wsig_read_name(struct wsig_cursor *cursor, struct wsig_text *text);

/** Replaces a name in a report by a copy. False: out of memory. */
bool wsig_name_set(wasmsig_module_name *name, const char *bytes, size_t length);
void wsig_name_release(wasmsig_module_name *name);

#endif
