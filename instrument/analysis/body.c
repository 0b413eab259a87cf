/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "analysis/body.h"

void wsig_bodies_open(struct wsig_bodies *bodies,
                      const struct wsig_scan *scan) {
  const struct wsig_wasm_section *code = scan->known[WSIG_WASM_SECTION_CODE];
  *bodies = (struct wsig_bodies){.scan = scan};
  bodies->next = (uint32_t)scan->module.imported_functions;
  wsig_cursor_open_bytes(&bodies->cursor, NULL, 0);
  if (!code) return;
  bodies->cursor = wsig_scan_cursor(scan, code->payload, code->end);
  bodies->count = wsig_read_u32(&bodies->cursor);
}

static void read_locals(struct wsig_cursor *cursor, struct wsig_body *body) {
  body->group_count = wsig_read_u32(cursor);
  body->groups = wsig_cursor_offset(cursor);
  for (uint32_t i = 0; i < body->group_count && !cursor->failed; i++) {
    body->locals += wsig_read_u32(cursor);
    wsig_read_value_type(cursor);
  }
}

/* The number of parameters of a function whose type is known. */
static uint32_t parameters_of(const struct wsig_scan *scan, uint32_t function) {
  uint32_t type =
      function < scan->function_count ? scan->functions[function] : UINT32_MAX;
  return type < scan->signature_count ? scan->signatures[type].parameters : 0;
}

bool wsig_bodies_next(struct wsig_bodies *bodies, struct wsig_body *body) {
  struct wsig_cursor *cursor = &bodies->cursor;
  if (bodies->count == 0 || cursor->failed) return false;
  bodies->count--;
  uint64_t start = wsig_cursor_offset(cursor);
  uint32_t size = wsig_read_u32(cursor);
  *body = (struct wsig_body){
      .function = bodies->next,
      .parameters = parameters_of(bodies->scan, bodies->next),
      .start = start,
      .contents = wsig_cursor_offset(cursor),
      .end = wsig_cursor_offset(cursor) + size};
  bodies->next++;
  read_locals(cursor, body);
  body->code = wsig_cursor_offset(cursor);
  return !cursor->failed;
}

bool wsig_body_instruction(struct wsig_bodies *bodies,
                           const struct wsig_body *body,
                           struct wsig_instruction *instruction) {
  return !bodies->cursor.failed &&
         wsig_cursor_offset(&bodies->cursor) < body->end &&
         wsig_read_instruction(&bodies->cursor, instruction);
}

bool wsig_bodies_have(struct wsig_bodies *bodies,
                      bool (*is_one)(const struct wsig_instruction *,
                                     const void *context),
                      const void *context) {
  struct wsig_body body;
  struct wsig_instruction instruction;
  while (wsig_bodies_next(bodies, &body))
    while (wsig_body_instruction(bodies, &body, &instruction))
      if (is_one(&instruction, context)) return true;
  return false;
}
