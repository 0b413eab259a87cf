/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "rewrite/offset_map.h"

#include "module/text.h"

#include <stdlib.h>

static bool reserve(struct wsig_offset_map *map) {
  if (map->failed) return false;
  struct wsig_offset_map_entry *grown =
      wsig_array_grow(map->entries, map->count, &map->capacity, sizeof *grown);
  map->failed = !grown;
  if (grown) map->entries = grown;
  return grown;
}

void wsig_offset_map_add(struct wsig_offset_map *map, uint64_t from,
                         uint64_t by) {
  size_t count = map->count;
  if (count > 0 && map->entries[count - 1].from == from) {
    map->entries[count - 1].by = by;
    return;
  }
  if (count > 0 ? map->entries[count - 1].by == by : by == 0) return;
  if (!reserve(map)) return;
  map->entries[map->count++] = (struct wsig_offset_map_entry){from, by};
}

uint64_t wsig_offset_map_apply(const struct wsig_offset_map *map,
                               uint64_t old) {
  size_t low = 0, high = map->count; /* the first entry with from > old */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (map->entries[middle].from <= old)
      low = middle + 1;
    else
      high = middle;
  }
  return low == 0 ? old : old + map->entries[low - 1].by;
}

void wsig_offset_map_release(struct wsig_offset_map *map) {
  free(map->entries);
  *map = (struct wsig_offset_map){0};
}
