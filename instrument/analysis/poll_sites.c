/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "analysis/poll_sites.h"

#include <stdlib.h>

enum {
  RETURN_CALL = 0x12,
  CALL_INDIRECT = 0x11,
  RETURN_CALL_INDIRECT = 0x13,
  CALL_REF = 0x14,
  RETURN_CALL_REF = 0x15,
};

static struct wsig_place *add(struct wsig_places *places,
                              enum wsig_place_kind kind, uint64_t offset) {
  struct wsig_place *items = wsig_array_grow(places->items, places->count,
                                             &places->capacity, sizeof *items);
  if (!items) {
    places->failed = true;
    return NULL;
  }
  places->items = items;
  struct wsig_place *place = &items[places->count++];
  *place = (struct wsig_place){
      .kind = kind,
      .offset = offset,
      .label = places->labels,
      .before = places->instructions,
      .around = places->depth > 0 ? places->around[places->depth - 1] : 0};
  return place;
}

static void open_block(struct wsig_places *places, size_t place) {
  size_t *around = wsig_array_grow(places->around, places->depth,
                                   &places->depth_capacity, sizeof *around);
  if (!around) {
    places->failed = true;
    return;
  }
  places->around = around;
  around[places->depth++] = place;
}

/* clang-format off */
/* Whether it may take long by itself. */
static bool is_bulk(uint32_t opcode) {
  switch (opcode) {
    case WSIG_PREFIXED(0xfb, 6): case WSIG_PREFIXED(0xfb, 7): /* array.new */
    case WSIG_PREFIXED(0xfb, 9): case WSIG_PREFIXED(0xfb, 10):
    case WSIG_PREFIXED(0xfb, 16): case WSIG_PREFIXED(0xfb, 17): /* .fill ... */
    case WSIG_PREFIXED(0xfb, 18): case WSIG_PREFIXED(0xfb, 19):
    case WSIG_PREFIXED(0xfc, 8): case WSIG_PREFIXED(0xfc, 10): /* memory */
    case WSIG_PREFIXED(0xfc, 11):
    case WSIG_PREFIXED(0xfc, 12): case WSIG_PREFIXED(0xfc, 14): /* table */
    case WSIG_PREFIXED(0xfc, 15): case WSIG_PREFIXED(0xfc, 17):
    case WSIG_PREFIXED(0xfe, 1): case WSIG_PREFIXED(0xfe, 2): /* wait */
    case WSIG_OP_MEMORY_GROW:
      return true;
    default: return false;
  }
}

/* clang-format on */

static void add_call(struct wsig_places *places, enum wsig_place_kind kind,
                     const struct wsig_instruction *call, bool is_reference) {
  struct wsig_place *place = add(places, kind, call->end);
  if (place)
    place->callee =
        (struct wsig_callee){is_reference, (uint32_t)call->operands[0].value};
}

static void see_call(struct wsig_places *places, struct wsig_work *work,
                     const struct wsig_instruction *instruction) {
  switch (instruction->opcode) {
    case WSIG_OP_CALL:
    case CALL_INDIRECT:
    case CALL_REF:
      work->has_calls = true;
      add_call(places, WSIG_PLACE_RETURN, instruction,
               instruction->opcode != WSIG_OP_CALL);
      break;
    case RETURN_CALL:
    case RETURN_CALL_INDIRECT:
    case RETURN_CALL_REF:
      add_call(places, WSIG_PLACE_TAIL_CALL, instruction,
               instruction->opcode != RETURN_CALL);
      break;
    default: break;
  }
}

static void see(struct wsig_places *places,
                const struct wsig_instruction *instruction) {
  size_t place = places->around[places->depth - 1];
  struct wsig_work *work = &places->items[place].work;
  places->instructions++;
  work->instructions++;
  if (is_bulk(instruction->opcode)) work->has_bulk = true;
  see_call(places, work, instruction);
  int nesting = wsig_instruction_nesting(instruction->opcode);
  if (nesting < 0 && places->depth > 1) places->depth--;
  if (nesting <= 0) return;
  places->labels++;
  if (instruction->opcode == WSIG_OP_LOOP) {
    place = places->count;
    add(places, WSIG_PLACE_LOOP, instruction->end);
  }
  open_block(places, place);
}

void wsig_places_find(struct wsig_places *places, struct wsig_bodies *bodies,
                      const struct wsig_body *body) {
  struct wsig_instruction instruction;
  places->count = places->depth = 0;
  places->labels = places->instructions = 0;
  add(places, WSIG_PLACE_HEAD, body->code);
  open_block(places, 0);
  while (!places->failed && wsig_body_instruction(bodies, body, &instruction))
    see(places, &instruction);
}

void wsig_places_release(struct wsig_places *places) {
  free(places->items);
  free(places->around);
  *places = (struct wsig_places){0};
}
