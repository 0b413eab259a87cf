/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arrays that grow by one entry at a time. */
#ifndef WASMSIG_CLI_TEXT_ROOM_H
#define WASMSIG_CLI_TEXT_ROOM_H

#include <stddef.h>

/**
 * Makes room for one more entry in an array that only this function has made.
 *
 * array:     of `count` entries; NULL if that is 0.
 * size:      of an entry, in bytes.
 * Returns:   the array, perhaps elsewhere. NULL: out of memory; it stays as it
 *            was.
 */
void *cli_room_for_one(void *array, size_t count, size_t size);

#endif
