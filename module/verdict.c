/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verdict on a readable module, and the texts of all verdicts. */
#include "verdict.h"

#include "type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------------ texts */

const char *wasmsig_verdict_code(wasmsig_verdict verdict) {
  switch (verdict) {
#define CODE_CASE(name, number, code, text) \
  case WASMSIG_VERDICT_##name: return (code);
    WASMSIG_VERDICTS(CODE_CASE)
#undef CODE_CASE
    default: return "unknown";
  }
}

const char *wasmsig_verdict_text(wasmsig_verdict verdict) {
  switch (verdict) {
#define TEXT_CASE(name, number, code, text) \
  case WASMSIG_VERDICT_##name: return (text);
    WASMSIG_VERDICTS(TEXT_CASE)
#undef TEXT_CASE
    default: return "unknown";
  }
}

const char *wasmsig_word_name(int word) {
  switch (word) {
    case WASMSIG_WORD_SIGNAL: return "__instance_signal";
    case WASMSIG_WORD_TERMINATED: return "__instance_terminated";
    case WASMSIG_WORD_PENDING: return "__instance_signal_pending";
    case WASMSIG_WORD_HANDLED: return "__instance_signal_handled";
    default: return NULL;
  }
}

uint64_t wasmsig_own_memory_address(int word) {
  switch (word) {
    case WASMSIG_WORD_SIGNAL: return 0;
    case WASMSIG_WORD_TERMINATED: return 4;
    case WASMSIG_WORD_PENDING: return 8;
    case WASMSIG_WORD_HANDLED: return 16;
    default: return WASMSIG_NO_WORD;
  }
}

/* ---------------------------------------------------------------- verdict */

static uint64_t size_of_word(int word) {
  return word >= WASMSIG_WORD_PENDING ? 8 : 4;
}

/* The handled set alone is not enough: nothing is ever written there. */
static bool has_words(const wasmsig_module_report *report) {
  for (int i = 0; i < WASMSIG_WORD_HANDLED; i++)
    if (report->words[i].is_exported) return true;
  return false;
}

static bool is_address(const wasmsig_module_word *word,
                       const wasmsig_module_memory *memory) {
  return word->kind == WASMSIG_EXTERN_GLOBAL && !word->is_mutable &&
         word->type == (memory->is_64_bit ? WSIG_TYPE_I64 : WSIG_TYPE_I32);
}

/* An imported memory may be larger than its import declares. */
static bool is_outside(const wasmsig_module_memory *memory, uint64_t address,
                       uint64_t size) {
  if (memory->is_imported) return false;
  uint64_t length = memory->minimum_pages < UINT64_C(1) << 48
                        ? memory->minimum_pages << 16
                        : UINT64_MAX;
  return size > length || address > length - size;
}

static wasmsig_verdict judge_word(const wasmsig_module_report *report,
                                  int number) {
  const wasmsig_module_word *word = &report->words[number];
  uint64_t size = size_of_word(number);
  if (!word->is_exported) return WASMSIG_VERDICT_TRACKED;
  if (!is_address(word, &report->memory)) return WASMSIG_VERDICT_NOT_AN_ADDRESS;
  if (word->source != WASMSIG_VALUE_CONSTANT) return WASMSIG_VERDICT_TRACKED;
  if (is_outside(&report->memory, word->address, size))
    return WASMSIG_VERDICT_OUT_OF_RANGE;
  if (word->address % size != 0) return WASMSIG_VERDICT_MISALIGNED;
  return WASMSIG_VERDICT_TRACKED;
}

/* The same global means the same address, even if the address is unknown. */
static bool do_overlap(const wasmsig_module_report *report, int a, int b) {
  const wasmsig_module_word *one = &report->words[a],
                            *other = &report->words[b];
  if (!one->is_exported || !other->is_exported) return false;
  if (one->index == other->index) return true;
  if (one->source != WASMSIG_VALUE_CONSTANT ||
      other->source != WASMSIG_VALUE_CONSTANT)
    return false;
  return one->address < other->address
             ? other->address - one->address < size_of_word(a)
             : one->address - other->address < size_of_word(b);
}

static void judge_overlaps(wasmsig_module_report *report) {
  for (int b = 1; b < WASMSIG_WORD_COUNT; b++) {
    for (int a = 0; a < b; a++) {
      if (!do_overlap(report, a, b)) continue;
      report->verdict = WASMSIG_VERDICT_OVERLAP;
      report->word = b;
      return;
    }
  }
}

void wsig_report_judge(wasmsig_module_report *report) {
  const wasmsig_module_memory *memory = &report->memory;
  report->verdict = WASMSIG_VERDICT_TRACKED;
  if (report->own_memory.is_exported) return;
  if (!has_words(report)) {
    report->verdict = WASMSIG_VERDICT_NO_WORDS;
  } else if (memory->count == 0) {
    report->verdict = WASMSIG_VERDICT_NO_MEMORY;
  } else if (!memory->is_imported && !memory->is_exported) {
    report->verdict = WASMSIG_VERDICT_HIDDEN_MEMORY;
  } else {
    for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
      report->verdict = judge_word(report, i);
      report->word = i;
      if (report->verdict != WASMSIG_VERDICT_TRACKED) return;
    }
    report->word = -1;
    judge_overlaps(report);
  }
}
