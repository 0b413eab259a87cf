/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * DWARF: the kinds of debug sections, and the order in which they are changed.
 *
 * 1. .debug_line and .debug_macro depend on no other section, except that
 *    .debug_macro contains offsets into .debug_line.
 * 2. .debug_info says where addresses are: in itself, in .debug_addr, and in
 *    the lists, with the base address of each list.
 * 3. Then the lists are changed, because their base addresses are known now.
 * 4. Last, all offsets into sections that were rewritten are corrected.
 *
 * The caller gets the changed sections only if all steps succeed.
 */
#include "dwarf/dwarf.h"

#include <stdlib.h>
#include <string.h>

#include "dwarf/parts.h"
#include "wasmsig/base.h"

/* STAYS: it contains no address of code. REFUSED: it cannot be changed. */
enum { STAYS = WSIG_DWARF_PARTS, REFUSED };

static const struct {
  const char *name; /* after ".debug_" */
  int part;
} kinds[] = {
    {"info", WSIG_DWARF_INFO},
    {"types", WSIG_DWARF_TYPES},
    {"abbrev", WSIG_DWARF_ABBREV},
    {"addr", WSIG_DWARF_ADDR},
    {"line", WSIG_DWARF_LINE},
    {"ranges", WSIG_DWARF_RANGES},
    {"rnglists", WSIG_DWARF_RNGLISTS},
    {"loc", WSIG_DWARF_LOC},
    {"loclists", WSIG_DWARF_LOCLISTS},
    {"aranges", WSIG_DWARF_ARANGES},
    {"macro", WSIG_DWARF_MACRO},
    {"frame", REFUSED}, /* no compiler writes it for wasm */
    {"str", STAYS},
    {"line_str", STAYS},
    {"str_offsets", STAYS},
    {"macinfo", STAYS},
    /* Names, and offsets into .debug_info, where no byte moves (6.1.1). */
    {"names", STAYS},
    {"pubnames", STAYS},
    {"pubtypes", STAYS},
    {"gnu_pubnames", STAYS},
    {"gnu_pubtypes", STAYS},
    {"gdb_scripts", STAYS},
};

/* The part, STAYS or REFUSED; -1 for sections without debug information. */
static int kind_of(const struct wsig_custom *section) {
  static const char prefix[] = ".debug_";
  size_t length = sizeof prefix - 1;
  if (section->name_length < length ||
      memcmp(section->name, prefix, length) != 0)
    return -1;
  const char *name = section->name + length;
  length = section->name_length - length;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strlen(kinds[i].name) == length &&
        memcmp(kinds[i].name, name, length) == 0)
      return kinds[i].part;
  return REFUSED;
}

static bool sort_out(struct wsig_dwarf *dwarf, struct wsig_custom *sections,
                     size_t count) {
  for (size_t i = 0; i < count; i++) {
    int kind = kind_of(&sections[i]);
    if (kind == REFUSED && sections[i].length > 0)
      return wsig_dwarf_refuse(dwarf, "a debug section of an unknown kind");
    if (kind < 0 || kind >= WSIG_DWARF_PARTS) continue;
    if (dwarf->parts[kind])
      return wsig_dwarf_refuse(dwarf, "two debug sections with the same name");
    dwarf->parts[kind] = &sections[i];
  }
  return true;
}

static bool move_all(struct wsig_dwarf *dwarf) {
  return wsig_dwarf_copy(dwarf, WSIG_DWARF_ADDR) &&
         wsig_dwarf_move_lines(dwarf) && wsig_dwarf_move_macros(dwarf) &&
         wsig_dwarf_move_info(dwarf, WSIG_DWARF_INFO) &&
         wsig_dwarf_move_info(dwarf, WSIG_DWARF_TYPES) &&
         wsig_dwarf_move_lists(dwarf, WSIG_DWARF_RNGLISTS) &&
         wsig_dwarf_move_lists(dwarf, WSIG_DWARF_LOCLISTS) &&
         wsig_dwarf_move_ranges(dwarf, WSIG_DWARF_RANGES) &&
         wsig_dwarf_move_ranges(dwarf, WSIG_DWARF_LOC) &&
         wsig_dwarf_move_aranges(dwarf) && wsig_dwarf_apply_fixups(dwarf);
}

static bool is_different(const struct wsig_custom *section) {
  const struct wsig_bytes *moved = &section->moved;
  if (moved->length == 0) return false;
  return moved->length != section->length ||
         memcmp(moved->data, section->data, moved->length) != 0;
}

/* Passes the changed sections to the caller, or none. */
static void settle(struct wsig_dwarf *dwarf, bool is_done) {
  for (int part = 0; part < WSIG_DWARF_PARTS; part++) {
    struct wsig_custom *section = dwarf->parts[part];
    if (section) {
      section->is_changed = is_done && is_different(section);
      if (!section->is_changed) wsig_bytes_release(&section->moved);
    }
    free(dwarf->places[part].items);
    free(dwarf->lists[part].items);
  }
  free(dwarf->fixups.items);
}

int wsig_dwarf_move(struct wsig_custom *sections, size_t count,
                    const struct wsig_offset_map *map, uint64_t code_length,
                    const char **why) {
  struct wsig_dwarf dwarf = {.map = map, .code_length = code_length};
  bool is_done = sort_out(&dwarf, sections, count) && move_all(&dwarf);
  settle(&dwarf, is_done);
  if (is_done) return 0;
  if (dwarf.no_memory) return WASMSIG_ENOMEM;
  *why = dwarf.why;
  return 1;
}
