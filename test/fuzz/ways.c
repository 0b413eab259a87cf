/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ways.h"

#include "wasmsig/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not assert(): these must be checked in every build. */
#define MUST(condition)                                                 \
  do {                                                                  \
    if (!(condition)) {                                                 \
      fprintf(stderr, "ways.c:%d: failed: %s\n", __LINE__, #condition); \
      abort();                                                          \
    }                                                                   \
  } while (0)

/* ---------------------------------------------------------------- sources */

struct pieces {
  const uint8_t *bytes;
  size_t length, at;
  uint32_t random;
};

static size_t next_piece(struct pieces *pieces, uint64_t wanted) {
  pieces->random = pieces->random * 1664525 + 1013904223;
  size_t count = 1 + (pieces->random >> 24) % 13;
  size_t left = pieces->length - pieces->at;
  if (count > wanted) count = (size_t)wanted;
  return count < left ? count : left;
}

static ptrdiff_t read_piece(void *context, void *buffer, size_t capacity) {
  struct pieces *pieces = context;
  size_t count = next_piece(pieces, capacity);
  if (count > 0) memcpy(buffer, pieces->bytes + pieces->at, count);
  pieces->at += count;
  return (ptrdiff_t)count;
}

static int64_t skip_pieces(void *context, uint64_t count) {
  struct pieces *pieces = context;
  size_t left = pieces->length - pieces->at;
  if (count > left) count = left;
  pieces->at += (size_t)count;
  return (int64_t)count;
}

/* ---------------------------------------------------------------- reports */

static bool same_name(const wasmsig_module_name *a,
                      const wasmsig_module_name *b) {
  if (!a->bytes || !b->bytes) return a->bytes == b->bytes;
  return a->length == b->length &&
         memcmp(a->bytes, b->bytes, a->length + 1) == 0;
}

static void must_be_name(const wasmsig_module_name *name) {
  MUST(name->bytes ? name->bytes[name->length] == '\0' : name->length == 0);
}

static void must_be_same_memory(const wasmsig_module_memory *a,
                                const wasmsig_module_memory *b) {
  MUST(a->count == b->count);
  MUST(a->is_imported == b->is_imported);
  MUST(a->is_exported == b->is_exported);
  MUST(a->is_shared == b->is_shared);
  MUST(a->is_64_bit == b->is_64_bit);
  MUST(a->minimum_pages == b->minimum_pages);
  MUST(a->maximum_pages == b->maximum_pages);
  MUST(same_name(&a->export_name, &b->export_name));
  MUST(same_name(&a->import_module, &b->import_module));
  MUST(same_name(&a->import_name, &b->import_name));
}

static void must_be_same_facts(const wasmsig_module_report *a,
                               const wasmsig_module_report *b) {
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    const wasmsig_module_word *one = &a->words[i], *other = &b->words[i];
    MUST(one->is_exported == other->is_exported);
    MUST(one->kind == other->kind);
    MUST(one->type == other->type);
    MUST(one->is_mutable == other->is_mutable);
    MUST(one->source == other->source);
    MUST(one->address == other->address);
    MUST(one->index == other->index);
    MUST(same_name(&one->import_module, &other->import_module));
    MUST(same_name(&one->import_name, &other->import_name));
  }
  must_be_same_memory(&a->memory, &b->memory);
  MUST(a->own_memory.is_exported == b->own_memory.is_exported);
  MUST(a->own_memory.index == b->own_memory.index);
}

static void must_be_same(const wasmsig_module_report *a,
                         const wasmsig_module_report *b) {
  MUST(a->verdict == b->verdict);
  MUST(a->offset == b->offset);
  MUST(a->detail == b->detail);
  MUST(a->word == b->word);
  must_be_same_facts(a, b);
  MUST(a->polls.atomic == b->polls.atomic);
  MUST(a->polls.plain == b->polls.plain);
  MUST(a->polls.functions_count == b->polls.functions_count);
  for (uint32_t i = 0; i < a->polls.functions_count; i++) {
    MUST(a->polls.functions[i] == b->polls.functions[i]);
    MUST(same_name(&a->polls.names[i], &b->polls.names[i]));
  }
}

static void must_make_sense(const wasmsig_module_report *report,
                            size_t length) {
  MUST(strcmp(wasmsig_verdict_code(report->verdict), "unknown") != 0);
  MUST(strcmp(wasmsig_verdict_text(report->verdict), "unknown") != 0);
  MUST(report->offset <= length);
  MUST(report->word >= -1 && report->word < WASMSIG_WORD_COUNT);
  if (wasmsig_verdict_is_readable(report->verdict)) {
    MUST(report->offset == 0 && report->detail == NULL);
    if (report->word >= 0) MUST(report->words[report->word].is_exported);
  } else {
    MUST(report->word == -1);
    MUST(report->detail || report->verdict == WASMSIG_VERDICT_COMPONENT);
    if (report->verdict == WASMSIG_VERDICT_TRUNCATED)
      MUST(report->offset == length);
  }
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    must_be_name(&report->words[i].import_module);
    must_be_name(&report->words[i].import_name);
  }
  must_be_name(&report->memory.export_name);
  must_be_name(&report->memory.import_module);
  must_be_name(&report->memory.import_name);
  MUST(report->polls.functions_count <= WASMSIG_PLAIN_POLLS_NAMED);
  MUST(report->polls.functions_count <= report->polls.plain);
  for (int i = 0; i < WASMSIG_PLAIN_POLLS_NAMED; i++)
    must_be_name(&report->polls.names[i]);
}

static void release(wasmsig_module_report *report) {
  wasmsig_module_report_release(report);
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++)
    MUST(!report->words[i].is_exported && !report->words[i].import_name.bytes);
  MUST(report->memory.count == 0 && report->polls.functions_count == 0);
}

/* ------------------------------------------------------------------- ways */

static void read_in_pieces(const uint8_t *bytes, size_t length, bool polls,
                           bool can_skip, wasmsig_module_report *report) {
  struct pieces pieces = {bytes, length, 0, (uint32_t)length};
  wasmsig_module_source source = {&pieces, read_piece,
                                  can_skip ? skip_pieces : NULL};
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = polls;
  MUST(wasmsig_module_inspect_source(&source, &options, report) == WASMSIG_OK);
}

/* Leaves the report on the bytes in memory in `report`. */
static void check_one(const uint8_t *bytes, size_t length, bool polls,
                      bool can_skip, wasmsig_module_report *report) {
  wasmsig_module_report pieces = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = polls;
  MUST(wasmsig_module_inspect(bytes, length, &options, report) == WASMSIG_OK);
  must_make_sense(report, length);
  read_in_pieces(bytes, length, polls, can_skip, &pieces);
  must_be_same(report, &pieces);
  release(&pieces);
}

void ways_check(const uint8_t *bytes, size_t length) {
  wasmsig_module_report skipped = WASMSIG_MODULE_REPORT_INIT,
                        walked = WASMSIG_MODULE_REPORT_INIT;
  bool even =
      length % 2 == 0; /* one of two ways for each input: twice as fast */
  check_one(bytes, length, false, even, &skipped);
  check_one(bytes, length, true, !even, &walked);
  if (wasmsig_verdict_is_readable(walked.verdict)) {
    MUST(walked.verdict == skipped.verdict);
    must_be_same_facts(&skipped, &walked);
  }
  MUST(skipped.polls.atomic == 0 && skipped.polls.plain == 0);
  release(&skipped);
  release(&walked);
}
