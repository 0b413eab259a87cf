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
static void put_word(struct wsig_rewriting *rewriting) {
  const wasmsig_module_word *word =
      &rewriting->scan->report.words[WASMSIG_WORD_SIGNAL];
  struct wsig_bytes *poll = &rewriting->plan.poll;
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

/* Loads the signal word, or it and the attention word. */
static void put_load(struct wsig_rewriting *rewriting, bool is_wide) {
  enum { HAS_MEMORY = 0x40 };
  uint32_t memory = rewriting->placement.memory;
  struct wsig_bytes *poll = &rewriting->plan.poll;
  uint8_t alignment = is_wide ? 3 : 2;
  wsig_bytes_byte(poll, 0xfe);
  wsig_bytes_byte(poll, is_wide ? 0x11 : 0x10);
  wsig_bytes_byte(poll, memory > 0 ? alignment | HAS_MEMORY : alignment);
  if (memory > 0) wsig_bytes_u32(poll, memory);
  wsig_bytes_byte(poll, 0); /* offset */
}

void wsig_emit_poll(struct wsig_rewriting *rewriting) {
  static const uint8_t is_zero[] = {WSIG_OP_I64_CONST, 0, 0x52 /* i64.ne */},
                       is_killed[] = {WSIG_OP_I32_CONST, 9, 0x46 /* i32.eq */},
                       begin[] = {WSIG_OP_IF, 0x40},
                       kill[] = {0x00 /* unreachable */};
  struct wsig_bytes *poll = &rewriting->plan.poll;
  uint32_t deliver = rewriting->plan.deliver;
  bool delivers = deliver != WSIG_NO_FUNCTION;
  bool is_wide = delivers && has_attention(rewriting->scan);
  put_word(rewriting);
  put_load(rewriting, is_wide);
  if (is_wide) wsig_bytes_append(poll, is_zero, sizeof is_zero);
  if (!delivers) wsig_bytes_append(poll, is_killed, sizeof is_killed);
  wsig_bytes_append(poll, begin, sizeof begin);
  if (delivers) {
    wsig_bytes_byte(poll, WSIG_OP_CALL);
    wsig_bytes_u32(poll, deliver);
  } else {
    wsig_bytes_append(poll, kill, sizeof kill);
  }
  wsig_bytes_byte(poll, WSIG_OP_END);
}
