/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "rewrite/offset_map.h"

#include "module/text.h"

#include <stdlib.h>

static bool reserve(struct wsig_moves *moves) {
  if (moves->failed) return false;
  struct wsig_move *grown = wsig_array_grow(moves->moves, moves->count,
                                            &moves->capacity, sizeof *grown);
  moves->failed = !grown;
  if (grown) moves->moves = grown;
  return grown;
}

void wsig_moves_add(struct wsig_moves *moves, uint64_t from, uint64_t by) {
  size_t count = moves->count;
  if (count > 0 && moves->moves[count - 1].from == from) {
    moves->moves[count - 1].by = by;
    return;
  }
  if (count > 0 ? moves->moves[count - 1].by == by : by == 0) return;
  if (!reserve(moves)) return;
  moves->moves[moves->count++] = (struct wsig_move){from, by};
}

uint64_t wsig_moved(const struct wsig_moves *moves, uint64_t old) {
  size_t low = 0, high = moves->count; /* the first with from > old */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (moves->moves[middle].from <= old)
      low = middle + 1;
    else
      high = middle;
  }
  return low == 0 ? old : old + moves->moves[low - 1].by;
}

void wsig_moves_release(struct wsig_moves *moves) {
  free(moves->moves);
  *moves = (struct wsig_moves){0};
}
