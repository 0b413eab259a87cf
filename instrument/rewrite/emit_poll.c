/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "rewrite/emit_poll.h"

#include "analysis/body.h"

void wsig_emit_address(struct wsig_bytes *bytes, const struct wsig_scan *scan,
                       uint64_t address) {
  const wasmsig_module_memory *memory = &scan->report.memory;
  bool is_wide = memory->count > 0 && memory->is_64_bit;
  wsig_bytes_byte(bytes, is_wide ? WSIG_OP_I64_CONST : WSIG_OP_I32_CONST);
  if (is_wide)
    wsig_bytes_s64(bytes, (int64_t)address);
  else
    wsig_bytes_s32(bytes, (int32_t)(uint32_t)address);
}

/* Pushes the address of the signal word. */
static void put_word(struct wsig_bytes *poll,
                     const struct wsig_rewriting *rewriting) {
  const wasmsig_module_word *word =
      &rewriting->scan->report.words[WASMSIG_WORD_SIGNAL];
  uint64_t address = word->address;
  if (rewriting->placement.memory > 0) {
    wsig_bytes_byte(poll, WSIG_OP_I32_CONST);
    wsig_bytes_s32(poll, 0);
    return;
  }
  if (rewriting->placement.kind != WASMSIG_WORDS_OWN) {
    address = rewriting->placement.address;
  } else if (word->source != WASMSIG_VALUE_CONSTANT) {
    wsig_bytes_byte(poll, WSIG_OP_GLOBAL_GET);
    wsig_bytes_u32(poll, word->index);
    return;
  }
  wsig_emit_address(poll, rewriting->scan, address);
}

/* Whether one load can read the attention word together with the signal word:
 * it must follow the signal word, and both together must be aligned. */
static bool has_attention(const struct wsig_scan *scan) {
  const wasmsig_module_word *word = &scan->report.words[WASMSIG_WORD_SIGNAL];
  const struct wsig_export *export =
      wsig_scan_export(scan, "__instance_signal_attention");
  if (!export || export->kind != WASMSIG_EXTERN_GLOBAL ||
      word->source != WASMSIG_VALUE_CONSTANT || word->address % 8 != 0)
    return false;
  const struct wsig_global *global = &scan->module.globals[export->index];
  return !global->is_mutable && global->source == WASMSIG_VALUE_CONSTANT &&
         global->type == word->type && global->value == word->address + 4;
}

/* A load and the exponent of its alignment. */
struct load {
  uint8_t opcode[2], length;
  uint8_t alignment;
};

static void put_load(struct wsig_bytes *poll, const struct load *load,
                     uint32_t memory) {
  enum { HAS_MEMORY = 0x40 };
  wsig_bytes_append(poll, load->opcode, load->length);
  wsig_bytes_byte(poll, load->alignment | (memory > 0 ? HAS_MEMORY : 0));
  if (memory > 0) wsig_bytes_u32(poll, memory);
  wsig_bytes_byte(poll, 0); /* offset */
}

/* What a poll does with the value that it has read. */
static void put_check(struct wsig_bytes *poll, uint32_t deliver, bool is_wide) {
  static const uint8_t is_not_zero[] = {WSIG_OP_I64_CONST, 0,
                                        0x52 /* i64.ne */},
                       is_killed[] = {WSIG_OP_I32_CONST, 9, 0x46 /* i32.eq */},
                       begin[] = {WSIG_OP_IF, 0x40};
  bool delivers = deliver != WSIG_NO_FUNCTION;
  if (is_wide) wsig_bytes_append(poll, is_not_zero, sizeof is_not_zero);
  if (!delivers) wsig_bytes_append(poll, is_killed, sizeof is_killed);
  wsig_bytes_append(poll, begin, sizeof begin);
  wsig_bytes_byte(poll, delivers ? WSIG_OP_CALL : 0x00 /* unreachable */);
  if (delivers) wsig_bytes_u32(poll, deliver);
  wsig_bytes_byte(poll, WSIG_OP_END);
}

void wsig_emit_polls(struct wsig_rewriting *rewriting) {
  static const struct load loads[2][2] = {
      {{{0x28}, 1, 2}, {{0xfe, 0x10}, 2, 2}},
      {{{0x29}, 1, 3}, {{0xfe, 0x11}, 2, 3}} /* of two words */};
  struct wsig_plan *plan = &rewriting->plan;
  bool is_wide =
      plan->deliver != WSIG_NO_FUNCTION && has_attention(rewriting->scan);
  for (int is_atomic = 0; is_atomic < 2; is_atomic++) {
    struct wsig_bytes *poll = is_atomic ? &plan->atomic : &plan->plain;
    put_word(poll, rewriting);
    put_load(poll, &loads[is_wide][is_atomic], plan->memory);
    put_check(poll, plan->deliver, is_wide);
  }
}
