/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/room.h"

#include <stdlib.h>

/* The room is a power of two, so `count` alone says when it is used up. */
void *cli_room_for_one(void *array, size_t count, size_t size) {
  if (count & (count - 1)) return array;
  return realloc(array, (count ? count * 2 : 1) * size);
}
