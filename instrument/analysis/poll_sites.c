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

static struct wsig_poll_site *add(struct wsig_poll_sites *sites,
                                  enum wsig_poll_site_kind kind,
                                  uint64_t offset) {
  struct wsig_poll_site *items = wsig_array_grow(
      sites->items, sites->count, &sites->capacity, sizeof *items);
  if (!items) {
    sites->failed = true;
    return NULL;
  }
  sites->items = items;
  struct wsig_poll_site *site = &items[sites->count++];
  *site = (struct wsig_poll_site){
      .kind = kind,
      .start = offset,
      .offset = offset,
      .label = sites->labels,
      .before = sites->instructions,
      .around = sites->depth > 0 ? sites->around[sites->depth - 1] : 0};
  return site;
}

static void open_block(struct wsig_poll_sites *sites, size_t site) {
  size_t *around = wsig_array_grow(sites->around, sites->depth,
                                   &sites->depth_capacity, sizeof *around);
  if (!around) {
    sites->failed = true;
    return;
  }
  sites->around = around;
  around[sites->depth++] = site;
}

/* clang-format off */
/* Whether a single such instruction may take long. */
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

static void add_call(struct wsig_poll_sites *sites,
                     enum wsig_poll_site_kind kind,
                     const struct wsig_instruction *call, bool is_reference) {
  struct wsig_poll_site *site = add(sites, kind, call->end);
  if (site)
    site->callee =
        (struct wsig_callee){is_reference, (uint32_t)call->operands[0].value};
}

/* The loops around a call have calls too. */
static void mark_loops(struct wsig_poll_sites *sites) {
  size_t site = sites->around[sites->depth - 1];
  while (!sites->items[site].work.has_calls) {
    sites->items[site].work.has_calls = true;
    site = sites->items[site].around;
  }
}

static void see_call(struct wsig_poll_sites *sites,
                     const struct wsig_instruction *instruction) {
  switch (instruction->opcode) {
    case WSIG_OP_CALL:
    case CALL_INDIRECT:
    case CALL_REF:
      mark_loops(sites);
      add_call(sites, WSIG_POLL_SITE_RETURN, instruction,
               instruction->opcode != WSIG_OP_CALL);
      break;
    case RETURN_CALL:
    case RETURN_CALL_INDIRECT:
    case RETURN_CALL_REF:
      sites->items[0].work.has_tail_calls = true;
      add_call(sites, WSIG_POLL_SITE_TAIL_CALL, instruction,
               instruction->opcode != RETURN_CALL);
      break;
    default: break;
  }
}

static void see(struct wsig_poll_sites *sites,
                const struct wsig_instruction *instruction) {
  size_t site = sites->around[sites->depth - 1];
  struct wsig_work *work = &sites->items[site].work;
  sites->instructions++;
  work->instructions++;
  if (is_bulk(instruction->opcode)) work->has_bulk = true;
  if (wsig_store_paths_see(&sites->paths, instruction)) {
    work->repeats = sites->paths.loop_repeats;
    work->stores = sites->paths.loop_stores;
  }
  see_call(sites, instruction);
  int nesting = wsig_instruction_nesting(instruction->opcode);
  if (nesting < 0 && sites->depth > 1) sites->depth--;
  if (nesting <= 0) return;
  sites->labels++;
  if (instruction->opcode == WSIG_OP_LOOP) {
    site = sites->count;
    struct wsig_poll_site *loop =
        add(sites, WSIG_POLL_SITE_LOOP, instruction->end);
    if (loop) loop->start = instruction->offset;
  }
  open_block(sites, site);
}

void wsig_poll_sites_find(struct wsig_poll_sites *sites,
                          struct wsig_bodies *bodies,
                          const struct wsig_body *body, uint32_t memory) {
  struct wsig_instruction instruction;
  sites->count = sites->depth = 0;
  sites->labels = sites->instructions = 0;
  wsig_store_paths_begin(&sites->paths, bodies->scan, memory);
  add(sites, WSIG_POLL_SITE_HEAD, body->code);
  open_block(sites, 0);
  while (!sites->failed && wsig_body_instruction(bodies, body, &instruction))
    see(sites, &instruction);
  if (sites->paths.failed) sites->failed = true;
}

void wsig_poll_sites_release(struct wsig_poll_sites *sites) {
  free(sites->items);
  free(sites->around);
  wsig_store_paths_release(&sites->paths);
  *sites = (struct wsig_poll_sites){0};
}
