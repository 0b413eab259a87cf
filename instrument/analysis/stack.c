/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finds the global that is the stack pointer.
 *
 * It is the global with the name __stack_pointer, in an export or in the
 * section "name", unless the code contradicts that. If the module has no names,
 * it is the first mutable global, if all code uses it like a stack pointer: the
 * linker defines the stack pointer before all other globals.
 *
 * If it is exported and mutable, a host may write it. The glue code of
 * wasm-bindgen and Emscripten does that. Such a host is assumed to write the
 * value that it has read, or a lower one, as code does that passes arguments on
 * the stack.
 *
 * The linker knows only one memory. In a module with several memories (two
 * modules were merged), the stack may be in any of them.
 */
#include "analysis/stack.h"

#include "analysis/body.h"
#include "analysis/word_placement.h"

#include <string.h>

static const char the_name[] = "__stack_pointer";

/* ------------------------------------------------------------------- names */

/* What the section "name" says about globals. */
struct names {
  bool has_stack;
  uint32_t stack;
  uint32_t wanted; /* a global, and below whether it has a name */
  bool has_wanted;
};

static void read_global_names(struct wsig_cursor *cursor, struct names *names) {
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) {
    uint32_t index = wsig_read_u32(cursor);
    size_t length = wsig_read_u32(cursor);
    const uint8_t *name = cursor->at;
    wsig_cursor_skip(cursor, length);
    if (cursor->failed) return;
    if (index == names->wanted) names->has_wanted = true;
    if (length != strlen(the_name) || memcmp(name, the_name, length) != 0)
      continue;
    names->has_stack = true;
    names->stack = index;
  }
}

static void read_names(const struct wsig_scan *scan,
                       const struct wsig_wasm_section *section,
                       struct names *names) {
  enum { GLOBAL_NAMES = 7 };
  struct wsig_cursor cursor =
      wsig_scan_cursor(scan, section->contents, section->end);
  while (!cursor.failed &&
         wsig_cursor_offset(&cursor) < section->end - section->contents) {
    uint8_t kind = wsig_read_byte(&cursor);
    uint32_t size = wsig_read_u32(&cursor);
    struct wsig_limit before = wsig_cursor_narrow(&cursor, size, "names");
    if (kind == GLOBAL_NAMES) read_global_names(&cursor, names);
    if (!cursor.failed) wsig_cursor_skip(&cursor, wsig_cursor_left(&cursor));
    wsig_cursor_widen(&cursor, before);
  }
}

static struct names names_of(const struct wsig_scan *scan, uint32_t wanted) {
  struct names names = {.wanted = wanted};
  for (size_t i = 0; i < scan->section_count; i++)
    if (wsig_wasm_section_is_named(&scan->sections[i], "name"))
      read_names(scan, &scan->sections[i], &names);
  const struct wsig_export *export = wsig_scan_export(scan, the_name);
  if (export && export->kind == WASMSIG_EXTERN_GLOBAL) {
    names.has_stack = true;
    names.stack = export->index;
  }
  return names;
}

/* ----------------------------------------------------------------- the one */

static uint8_t address_type(const struct wsig_scan *scan) {
  return scan->report.memory.is_64_bit ? WSIG_TYPE_I64 : WSIG_TYPE_I32;
}

/* Whether its type is that of an address, and its initial value is known. */
static bool is_pointer(const struct wsig_scan *scan, uint32_t index) {
  if (index < scan->imported_globals || index >= scan->module.global_count)
    return false;
  const struct wsig_global *global = &scan->module.globals[index];
  return global->is_mutable && global->type == address_type(scan) &&
         global->source == WASMSIG_VALUE_CONSTANT;
}

static bool can_begin_lower(const struct wsig_scan *scan, uint64_t start) {
  return start >= WSIG_WORDS_SIZE && start % WSIG_WORDS_SIZE == 0 &&
         start >> 16 <= scan->report.memory.minimum_pages &&
         start <= scan->report.memory.minimum_pages << 16;
}

static uint32_t first_mutable(const struct wsig_scan *scan) {
  for (uint64_t i = scan->imported_globals; i < scan->module.global_count; i++)
    if (scan->module.globals[i].is_mutable) return (uint32_t)i;
  return UINT32_MAX;
}

static bool is_get_of(const struct wsig_instruction *instruction,
                      const void *global) {
  return instruction->opcode == WSIG_OP_GLOBAL_GET &&
         instruction->operands[0].value == *(const uint32_t *)global;
}

/* A stack that no code uses may have the size 0. */
static bool is_used(const struct wsig_scan *scan, uint32_t global) {
  struct wsig_bodies bodies;
  wsig_bodies_open(&bodies, scan);
  return wsig_bodies_have(&bodies, is_get_of, &global);
}

int wsig_stack_find(struct wsig_stack *stack, const struct wsig_scan *scan,
                    const char **why) {
  if (scan->report.memory.count > 1)
    return wsig_refuse(why,
                       "it has several memories, and its C "
                       "stack, if any, may be in another one than the first");
  uint32_t first = first_mutable(scan);
  struct names names = names_of(scan, first);
  stack->global = names.has_stack ? names.stack : first;
  if (names.has_stack && !is_pointer(scan, stack->global))
    return wsig_refuse(why,
                       "its __stack_pointer is imported, or "
                       "its initial value is no constant");
  if (!is_pointer(scan, stack->global) ||
      (!names.has_stack &&
       (names.has_wanted || !wsig_is_stack_pointer(scan, first))))
    return wsig_refuse(
        why,
        "its memory is imported, exported, or "
        "its size is read, and no stack of C code "
        "(__stack_pointer) is known; give it words of its own (export "
        "__instance_signal), or link it with a C stack");
  if (names.has_stack && !wsig_may_be_stack_pointer(scan, stack->global))
    return wsig_refuse(
        why,
        "its code puts its __stack_pointer, "
        "or data, where the words would be; give it words of its "
        "own (export __instance_signal)");
  stack->start = scan->module.globals[stack->global].value;
  if (!can_begin_lower(scan, stack->start))
    return wsig_refuse(why, "its C stack has no bytes to spare");
  if (!is_used(scan, stack->global))
    return wsig_refuse(why,
                       "no code uses its C stack, which may "
                       "have the size 0; give it words of its own (export "
                       "__instance_signal)");
  return WASMSIG_OK;
}
