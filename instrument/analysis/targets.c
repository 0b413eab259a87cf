/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "analysis/targets.h"

#include "analysis/body.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- classes */

struct exact {
  const uint8_t *bytes;
  size_t length;
  uint32_t type;
};

static int compare(const void *left, const void *right) {
  const struct exact *a = left, *b = right;
  if (a->length != b->length) return a->length < b->length ? -1 : 1;
  return memcmp(a->bytes, b->bytes, a->length);
}

static size_t find_exact(struct wsig_targets *targets,
                         const struct wsig_scan *scan, struct exact *exact) {
  size_t count = 0;
  for (uint32_t type = 0; type < scan->signature_count; type++) {
    const struct wsig_signature *signature = &scan->signatures[type];
    targets->class_of[type] = WSIG_LOOSE;
    if (signature->bytes)
      exact[count++] =
          (struct exact){signature->bytes, signature->length, type};
  }
  return count;
}

static bool find_classes(struct wsig_targets *targets,
                         const struct wsig_scan *scan) {
  struct exact *exact = malloc((scan->signature_count + 1) * sizeof *exact);
  targets->class_of =
      malloc((scan->signature_count + 1) * sizeof *targets->class_of);
  bool is_there = exact && targets->class_of;
  if (is_there) {
    size_t count = find_exact(targets, scan, exact);
    qsort(exact, count, sizeof *exact, compare);
    for (size_t i = 0; i < count; i++) {
      if (i == 0 || compare(&exact[i - 1], &exact[i]) != 0)
        targets->class_count++;
      targets->class_of[exact[i].type] = targets->class_count - 1;
    }
  }
  free(exact);
  return is_there;
}

/* --------------------------------------------------------- taken addresses */

static void take(struct wsig_targets *targets, const struct wsig_scan *scan,
                 uint64_t function) {
  if (function < scan->function_count) targets->is_taken[function] = true;
}

static void take_from(struct wsig_targets *targets,
                      const struct wsig_scan *scan,
                      const struct wsig_instruction *instruction) {
  if (instruction->opcode == WSIG_OP_REF_FUNC)
    take(targets, scan, instruction->operands[0].value);
}

static void read_expression(struct wsig_targets *targets,
                            const struct wsig_scan *scan,
                            struct wsig_cursor *cursor) {
  struct wsig_instruction instruction;
  while (wsig_read_instruction(cursor, &instruction) &&
         instruction.opcode != WSIG_OP_END)
    take_from(targets, scan, &instruction);
}

static void read_table(struct wsig_targets *targets,
                       const struct wsig_scan *scan,
                       struct wsig_cursor *cursor) {
  bool has_initialiser = wsig_peek_byte(cursor) == 0x40;
  if (has_initialiser) wsig_cursor_skip(cursor, 2);
  wsig_read_reference_type(cursor);
  wsig_read_table_limits(cursor);
  if (has_initialiser) read_expression(targets, scan, cursor);
}

static void read_global(struct wsig_targets *targets,
                        const struct wsig_scan *scan,
                        struct wsig_cursor *cursor) {
  wsig_read_value_type(cursor);
  wsig_read_mutability(cursor);
  read_expression(targets, scan, cursor);
}

/* As segments.c of the module reader reads them. */
static void read_element(struct wsig_targets *targets,
                         const struct wsig_scan *scan,
                         struct wsig_cursor *cursor) {
  enum { IS_PASSIVE = 1, HAS_INDEX = 2, HAS_EXPRESSIONS = 4 };
  uint32_t flags = wsig_read_u32(cursor);
  if (!(flags & IS_PASSIVE)) {
    if (flags & HAS_INDEX) wsig_read_u32(cursor);
    read_expression(targets, scan, cursor);
  }
  if (flags & (IS_PASSIVE | HAS_INDEX)) {
    if (flags & HAS_EXPRESSIONS)
      wsig_read_reference_type(cursor);
    else
      wsig_read_byte(cursor);
  }
  uint32_t count = wsig_read_u32(cursor);
  for (uint32_t i = 0; i < count && !cursor->failed; i++) {
    if (flags & HAS_EXPRESSIONS)
      read_expression(targets, scan, cursor);
    else
      take(targets, scan, wsig_read_u32(cursor));
  }
}

/* False: the section differs from what was scanned. */
static bool read_items(struct wsig_targets *targets,
                       const struct wsig_scan *scan, uint8_t number,
                       void (*read)(struct wsig_targets *,
                                    const struct wsig_scan *,
                                    struct wsig_cursor *)) {
  const struct wsig_wasm_section *section = scan->known[number];
  if (!section) return true;
  struct wsig_cursor cursor =
      wsig_scan_cursor(scan, section->payload, section->end);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++)
    read(targets, scan, &cursor);
  return !cursor.failed;
}

static bool read_code(struct wsig_targets *targets,
                      const struct wsig_scan *scan) {
  struct wsig_bodies bodies;
  struct wsig_body body;
  struct wsig_instruction instruction;
  wsig_bodies_open(&bodies, scan);
  while (wsig_bodies_next(&bodies, &body))
    while (wsig_body_instruction(&bodies, &body, &instruction))
      take_from(targets, scan, &instruction);
  return !bodies.cursor.failed;
}

/* ----------------------------------------------------------- from outside */

static bool has_references(const struct wsig_scan *scan, uint32_t function) {
  if (function >= scan->function_count) return true;
  uint32_t type = scan->functions[function];
  return type >= scan->signature_count || scan->signatures[type].has_references;
}

static bool exports_references(const struct wsig_scan *scan,
                               const struct wsig_export *export) {
  switch (export->kind) {
    case WASMSIG_EXTERN_FUNCTION: return has_references(scan, export->index);
    case WASMSIG_EXTERN_MEMORY: return false;
    case WASMSIG_EXTERN_GLOBAL:
      return wsig_type_is_reference(scan->module.globals[export->index].type);
    default: return true;
  }
}

static bool lets_references_in(const struct wsig_scan *scan) {
  const struct wsig_module *module = &scan->module;
  if (scan->imports_references) return true;
  for (uint32_t i = 0; i < module->imported_functions; i++)
    if (has_references(scan, i)) return true;
  for (size_t i = 0; i < module->export_count; i++)
    if (exports_references(scan, &module->exports[i])) return true;
  return false;
}

static void take_exports(struct wsig_targets *targets,
                         const struct wsig_scan *scan) {
  if (!lets_references_in(scan)) return;
  for (size_t i = 0; i < scan->module.export_count; i++)
    if (scan->module.exports[i].kind == WASMSIG_EXTERN_FUNCTION)
      take(targets, scan, scan->module.exports[i].index);
}

/* -------------------------------------------------------------------- all */

int wsig_targets_find(struct wsig_targets *targets,
                      const struct wsig_scan *scan) {
  *targets = (struct wsig_targets){0};
  targets->is_taken =
      calloc(scan->function_count + 1, sizeof *targets->is_taken);
  if (!targets->is_taken || !find_classes(targets, scan)) return WASMSIG_ENOMEM;
  take_exports(targets, scan);
  bool is_right =
      read_items(targets, scan, WSIG_WASM_SECTION_TABLE, read_table) &&
      read_items(targets, scan, WSIG_WASM_SECTION_GLOBAL, read_global) &&
      read_items(targets, scan, WSIG_WASM_SECTION_ELEMENT, read_element) &&
      read_code(targets, scan);
  return is_right ? WASMSIG_OK : 1;
}

void wsig_targets_release(struct wsig_targets *targets) {
  free(targets->is_taken);
  free(targets->class_of);
  *targets = (struct wsig_targets){0};
}

uint32_t wsig_class_of_type(const struct wsig_targets *targets,
                            const struct wsig_scan *scan, uint32_t type) {
  return type < scan->signature_count ? targets->class_of[type] : WSIG_LOOSE;
}

uint32_t wsig_class_of_function(const struct wsig_targets *targets,
                                const struct wsig_scan *scan,
                                uint32_t function) {
  return wsig_class_of_type(targets, scan, scan->functions[function]);
}
