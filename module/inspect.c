/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The module reader's functions, and the verdict. What is read lies in
 * src/module/: a cursor over the bytes, the sections on top of it.
 *
 * A report is filled apart and handed over at the end, so that the caller's is
 * as it was if reading fails. Whatever the reader keeps besides is freed here.
 */
#include "wasmsig/module.h"

#include "file.h"
#include "header.h"
#include "reader.h"

#include <errno.h>
#include <stdlib.h>

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

/* ---------------------------------------------------------------- verdict */

static uint64_t size_of_word(int word) {
  return word >= WASMSIG_WORD_PENDING ? 8 : 4;
}

/* The handled set is none by itself: nothing is ever written there. */
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

/* An imported memory may be larger than it says. */
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

/* One global is one address, known or not. */
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

static void judge(wasmsig_module_report *report) {
  const wasmsig_module_memory *memory = &report->memory;
  report->verdict = WASMSIG_VERDICT_TRACKED;
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

/* ---------------------------------------------------------------- reports */

static void clear(wasmsig_module_report *report) {
  *report = (wasmsig_module_report)WASMSIG_MODULE_REPORT_INIT;
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++)
    report->words[i].address = WASMSIG_NO_WORD;
}

void wasmsig_module_report_release(wasmsig_module_report *report) {
  if (!report) return;
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    wsig_name_release(&report->words[i].import_module);
    wsig_name_release(&report->words[i].import_name);
  }
  wsig_name_release(&report->memory.export_name);
  wsig_name_release(&report->memory.import_module);
  wsig_name_release(&report->memory.import_name);
  for (int i = 0; i < WASMSIG_PLAIN_POLLS_NAMED; i++)
    wsig_name_release(&report->polls.names[i]);
  clear(report);
}

/* ---------------------------------------------------------------- reading */

static bool are_arguments(const wasmsig_module_options *options,
                          const wasmsig_module_report *report) {
  return report && report->size >= sizeof *report &&
         (!options || options->size >= sizeof *options);
}

static void read_module(struct wsig_module *module) {
  const struct wsig_cursor *cursor = &module->cursor;
  wasmsig_module_report *report = module->report;
  if (wsig_read_header(&module->cursor)) wsig_read_sections(module);
  wsig_name_functions_by_exports(module);
  if (!cursor->failed) {
    judge(report);
    return;
  }
  report->verdict = cursor->verdict;
  report->offset = cursor->fault_offset;
  report->detail = cursor->fault_detail;
}

static void free_module(struct wsig_module *module) {
  wsig_cursor_close(&module->cursor);
  free(module->types);
  free(module->globals);
  free(module->imports);
  free(module->exports);
  free(module->blocks);
  wsig_text_release(&module->names);
}

/* The module's cursor is open; it is closed here. */
static int inspect(struct wsig_module *module,
                   const wasmsig_module_options *options,
                   wasmsig_module_report *report) {
  wasmsig_module_report found;
  clear(&found);
  module->report = &found;
  module->wants_polls = options && options->polls;
  read_module(module);
  int reason = errno;
  int error = module->cursor.error;
  free_module(module);
  if (error)
    wasmsig_module_report_release(&found);
  else
    *report = found;
  errno = reason;
  return error;
}

int wasmsig_module_inspect(const void *bytes, size_t length,
                           const wasmsig_module_options *options,
                           wasmsig_module_report *report) {
  if (!are_arguments(options, report) || (!bytes && length > 0))
    return WASMSIG_EINVAL;
  struct wsig_module module = {0};
  wsig_cursor_open_bytes(&module.cursor, bytes, length);
  return inspect(&module, options, report);
}

int wasmsig_module_inspect_source(const wasmsig_module_source *source,
                                  const wasmsig_module_options *options,
                                  wasmsig_module_report *report) {
  if (!are_arguments(options, report) || !source || !source->read)
    return WASMSIG_EINVAL;
  struct wsig_module module = {0};
  int error = wsig_cursor_open_source(&module.cursor, source);
  return error ? error : inspect(&module, options, report);
}

int wasmsig_module_inspect_file(int descriptor,
                                const wasmsig_module_options *options,
                                wasmsig_module_report *report) {
  struct wsig_file file;
  wasmsig_module_source source = wsig_file_source(&file, descriptor);
  return wasmsig_module_inspect_source(&source, options, report);
}
