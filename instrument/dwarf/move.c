/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The functions that the parts of the DWARF mover share: see parts.h. */
#include "dwarf/parts.h"

#include <stdlib.h>
#include <string.h>

bool wsig_dwarf_refuse(struct wsig_dwarf *dwarf, const char *why) {
  if (!dwarf->why) dwarf->why = why;
  return false;
}

void *wsig_dwarf_grow(struct wsig_dwarf *dwarf, void *items, size_t count,
                      size_t *capacity, size_t size) {
  if (count < *capacity) return items;
  size_t wanted = *capacity < 16 ? 16 : *capacity * 2;
  void *grown =
      wanted <= SIZE_MAX / size ? realloc(items, wanted * size) : NULL;
  if (grown)
    *capacity = wanted;
  else
    dwarf->no_memory = true;
  return grown;
}

/* ------------------------------------------------------- places and fixups */

bool wsig_dwarf_add_place(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                          uint64_t from, uint64_t to) {
  size_t count = dwarf->places[part].count;
  struct wsig_dwarf_place *items =
      wsig_dwarf_grow(dwarf, dwarf->places[part].items, count,
                      &dwarf->places[part].capacity, sizeof *items);
  if (!items) return false;
  items[count] = (struct wsig_dwarf_place){from, to};
  dwarf->places[part].items = items;
  dwarf->places[part].count++;
  return true;
}

static int compare_places(const void *left, const void *right) {
  const struct wsig_dwarf_place *a = left, *b = right;
  return (a->from > b->from) - (a->from < b->from);
}

bool wsig_dwarf_find_place(const struct wsig_dwarf *dwarf,
                           enum wsig_dwarf_part part, uint64_t from,
                           uint64_t *to) {
  const struct wsig_dwarf_place *found = NULL, key = {.from = from};
  if (dwarf->places[part].count > 0)
    found = bsearch(&key, dwarf->places[part].items, dwarf->places[part].count,
                    sizeof key, compare_places);
  if (found) *to = found->to;
  return found;
}

bool wsig_dwarf_add_fixup(struct wsig_dwarf *dwarf,
                          const struct wsig_dwarf_fixup *fixup) {
  size_t count = dwarf->fixups.count;
  struct wsig_dwarf_fixup *items =
      wsig_dwarf_grow(dwarf, dwarf->fixups.items, count,
                      &dwarf->fixups.capacity, sizeof *items);
  if (!items) return false;
  items[count] = *fixup;
  dwarf->fixups.items = items;
  dwarf->fixups.count++;
  return true;
}

bool wsig_dwarf_apply_fixups(struct wsig_dwarf *dwarf) {
  for (size_t i = 0; i < dwarf->fixups.count; i++) {
    const struct wsig_dwarf_fixup *fixup = &dwarf->fixups.items[i];
    uint64_t to;
    if (!wsig_dwarf_find_place(dwarf, fixup->into, fixup->from, &to))
      return wsig_dwarf_refuse(dwarf,
                               "an offset to where nothing starts in another "
                               "section");
    if (!wsig_dwarf_patch(dwarf, fixup->in, fixup->at, fixup->width, to))
      return false;
  }
  return true;
}

/* ------------------------------------------------------------------- lists */

bool wsig_dwarf_add_list(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                         const struct wsig_dwarf_list *list) {
  struct wsig_dwarf_lists *lists = &dwarf->lists[part];
  struct wsig_dwarf_list *items = wsig_dwarf_grow(
      dwarf, lists->items, lists->count, &lists->capacity, sizeof *items);
  if (!items) return false;
  items[lists->count++] = *list;
  lists->items = items;
  return true;
}

static int compare_lists(const void *left, const void *right) {
  const struct wsig_dwarf_list *a = left, *b = right;
  return (a->offset > b->offset) - (a->offset < b->offset);
}

static bool is_same_list(const struct wsig_dwarf_list *a,
                         const struct wsig_dwarf_list *b) {
  return a->base == b->base && a->address_size == b->address_size &&
         a->has_addr_base == b->has_addr_base && a->addr_base == b->addr_base;
}

bool wsig_dwarf_sort_lists(struct wsig_dwarf *dwarf,
                           enum wsig_dwarf_part part) {
  struct wsig_dwarf_lists *lists = &dwarf->lists[part];
  if (lists->count == 0) return true;
  qsort(lists->items, lists->count, sizeof *lists->items, compare_lists);
  size_t kept = 1;
  for (size_t i = 1; i < lists->count; i++) {
    const struct wsig_dwarf_list *list = &lists->items[i];
    const struct wsig_dwarf_list *last = &lists->items[kept - 1];
    if (list->offset != last->offset)
      lists->items[kept++] = *list;
    else if (!is_same_list(list, last))
      return wsig_dwarf_refuse(dwarf,
                               "a list that two units with different base "
                               "addresses share");
  }
  lists->count = kept;
  return true;
}

/* ---------------------------------------------------------------- sections */

struct wsig_dwarf_reader wsig_dwarf_open(const struct wsig_dwarf *dwarf,
                                         enum wsig_dwarf_part part) {
  static const uint8_t nothing;
  const struct wsig_custom *section = dwarf->parts[part];
  if (!section || section->length == 0)
    return (struct wsig_dwarf_reader){.data = &nothing};
  return (struct wsig_dwarf_reader){.data = section->data,
                                    .end = section->length};
}

bool wsig_dwarf_copy(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part) {
  struct wsig_custom *section = dwarf->parts[part];
  if (!section || section->length == 0) return true;
  wsig_bytes_append(&section->moved, section->data, section->length);
  if (section->moved.failed) dwarf->no_memory = true;
  return !section->moved.failed;
}

bool wsig_dwarf_patch(struct wsig_dwarf *dwarf, enum wsig_dwarf_part part,
                      size_t at, unsigned width, uint64_t value) {
  if (!wsig_dwarf_fits(value, width))
    return wsig_dwarf_refuse(dwarf, "a number that no longer fits its bytes");
  wsig_dwarf_put(dwarf->parts[part]->moved.data + at, width, value);
  return true;
}

/* --------------------------------------------------------------- addresses */

bool wsig_dwarf_is_code(const struct wsig_dwarf *dwarf, uint64_t address) {
  return address > 0 && address <= dwarf->code_length;
}

uint64_t wsig_dwarf_moved(const struct wsig_dwarf *dwarf, uint64_t address) {
  return wsig_dwarf_is_code(dwarf, address)
             ? wsig_offset_map_apply(dwarf->map, address)
             : address;
}

static uint64_t cut(uint64_t address, unsigned address_size) {
  return address_size < 8 ? address & ((1ull << 8 * address_size) - 1)
                          : address;
}

/* Base 0 belongs to a unit whose ranges are addresses (2.17.3). If another base
 * is not code, the linker dropped it, and all distances from it. */
static bool is_dropped(const struct wsig_dwarf *dwarf, uint64_t base) {
  return base != 0 && !wsig_dwarf_is_code(dwarf, base);
}

uint64_t wsig_dwarf_moved_offset(const struct wsig_dwarf *dwarf, uint64_t base,
                                 uint64_t offset, unsigned address_size) {
  if (is_dropped(dwarf, base)) return offset;
  uint64_t address = cut(base + offset, address_size);
  return cut(wsig_dwarf_moved(dwarf, address) - wsig_dwarf_moved(dwarf, base),
             address_size);
}

void wsig_dwarf_move_pair(const struct wsig_dwarf *dwarf, uint64_t base,
                          unsigned address_size, uint64_t *start,
                          uint64_t *end) {
  if (!wsig_dwarf_is_code(dwarf, cut(base + *start, address_size))) return;
  *start = wsig_dwarf_moved_offset(dwarf, base, *start, address_size);
  *end = wsig_dwarf_moved_offset(dwarf, base, *end, address_size);
}

bool wsig_dwarf_pool_address(struct wsig_dwarf *dwarf,
                             const struct wsig_dwarf_list *unit, uint64_t index,
                             uint64_t *address) {
  struct wsig_dwarf_reader reader = wsig_dwarf_open(dwarf, WSIG_DWARF_ADDR);
  if (!unit->has_addr_base)
    return wsig_dwarf_refuse(dwarf,
                             "an index into .debug_addr in a unit that does "
                             "not say where its addresses start");
  wsig_dwarf_skip(&reader, unit->addr_base);
  if (index > SIZE_MAX / 8) wsig_dwarf_fail(&reader);
  wsig_dwarf_skip(&reader, index * unit->address_size);
  size_t at = reader.at;
  *address = wsig_dwarf_fixed(&reader, unit->address_size);
  if (reader.failed)
    return wsig_dwarf_refuse(dwarf, "an index past the end of .debug_addr");
  return wsig_dwarf_patch(dwarf, WSIG_DWARF_ADDR, at, unit->address_size,
                          wsig_dwarf_moved(dwarf, *address));
}
