/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which modules are refused, and the steps from the old module to the new one.
 *
 * The module reader reads the new module, as a host will do. The new module is
 * returned only if the reader finds words that can be tracked.
 */
#include "wasmsig/instrument.h"

#include "custom_sections.h"
#include "rewrite/code.h"
#include "rewrite/deliver.h"
#include "rewrite/emit_poll.h"
#include "rewrite/rewrite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Engines accept no more of a module (the JavaScript API, 8 Limits), where V8
 * before version 13 accepts fewer exports. Imported globals count too. */
enum {
  GLOBALS_MOST = 1000000,
  EXPORTS_MOST = 1000000,
  EXPORTS_MOST_BEFORE = 100000,
  BYTES_MOST = 1 << 30,
};

/* ---------------------------------------------------------------- refusals */

/* Modules that a linker or a loader has not yet finished. */
static const char *unfinished(const struct wsig_scan *scan) {
  for (size_t i = 0; i < scan->section_count; i++) {
    const struct wsig_wasm_section *section = &scan->sections[i];
    if (wsig_wasm_section_is_named(section, "wasmsig.instrument"))
      return "it is already instrumented: use the original module";
    if (wsig_wasm_section_is_named(section, "linking") ||
        (section->name_length > 6 && memcmp(section->name, "reloc.", 6) == 0))
      return "it is an object file: link it first";
  }
  return NULL;
}

static int refuse(wasmsig_instrumented *made, const char *why, int word) {
  made->why = why;
  made->word = word;
  return WASMSIG_INSTRUMENT_REFUSED;
}

/* Refuses words of the module that no host can use. */
static int check_words(wasmsig_instrumented *made,
                       const wasmsig_module_report *report) {
  const wasmsig_module_word *signal = &report->words[WASMSIG_WORD_SIGNAL];
  if (report->own_memory.is_exported)
    return refuse(made,
                  "its words have a memory of their own: it is already "
                  "instrumented, so use the original module",
                  -1);
  switch (report->verdict) {
    case WASMSIG_VERDICT_TRACKED:
    case WASMSIG_VERDICT_NO_WORDS:
    case WASMSIG_VERDICT_HIDDEN_MEMORY: break;
    default:
      return refuse(made, wasmsig_verdict_text(report->verdict), report->word);
  }
  if (signal->is_exported && signal->kind == WASMSIG_EXTERN_GLOBAL &&
      signal->source == WASMSIG_VALUE_IMPORTED)
    return refuse(made, "it is imported: another module defines it",
                  WASMSIG_WORD_SIGNAL);
  return WASMSIG_OK;
}

/* ------------------------------------------------------------------- polls */

/* Engines accept the module, but would not accept the new one. */
static int refuse_size(const struct wsig_rewriting *rewriting) {
  wasmsig_instrumented *made = rewriting->made;
  uint32_t function = rewriting->code.too_large;
  if (function == WSIG_NO_FUNCTION)
    return refuse(made, "it breaks the rules of the binary format", -1);
  snprintf(made->text, sizeof made->text,
           "function %" PRIu32
           " would become larger than engines accept (%d bytes)",
           function, WSIG_BODY_MAX);
  return refuse(made, made->text, -1);
}

static bool exceeds(uint64_t before, uint64_t after, uint64_t most) {
  return before <= most && after > most;
}

/* What the module would have more of than engines accept; NULL: nothing. */
static const char *excess(const struct wsig_rewriting *rewriting) {
  const struct wsig_module *module = &rewriting->scan->module;
  uint64_t exports = module->export_count + wsig_added_exports(rewriting);
  if (exceeds(module->global_count, wsig_next_global(rewriting), GLOBALS_MOST))
    return "it would have more globals than engines accept (1000000)";
  if (exceeds(module->export_count, exports, EXPORTS_MOST))
    return "it would have more exports than engines accept (1000000)";
  if (exceeds(module->export_count, exports, EXPORTS_MOST_BEFORE))
    return "it would have more exports than Node 22 accepts (100000)";
  return NULL;
}

static int put_polls(struct wsig_rewriting *rewriting) {
  struct wsig_plan *plan = &rewriting->plan;
  const struct wsig_scan *scan = rewriting->scan;
  plan->every = rewriting->options->every;
  plan->calls = rewriting->options->calls;
  plan->memory = rewriting->placement.memory;
  wsig_emit_polls(rewriting);
  if (plan->atomic.failed || plan->plain.failed) return WASMSIG_ENOMEM;
  int error = wsig_code_write(&rewriting->code, scan, plan);
  if (error == 1) return refuse_size(rewriting);
  if (error || !scan->known[WSIG_WASM_SECTION_CODE]) return error;
  struct wsig_edit *edit =
      &rewriting->edits[scan->known[WSIG_WASM_SECTION_CODE] - scan->sections];
  edit->is_changed = true;
  edit->payload = rewriting->code.payload;
  rewriting->code.payload = (struct wsig_bytes){0};
  return WASMSIG_OK;
}

/* -------------------------------------------------------------------- all */

/* Reads the new module as a host does. */
static int check_made(const struct wsig_rewriting *rewriting) {
  const struct wsig_bytes *module = &rewriting->module;
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = true;
  int error =
      wasmsig_module_inspect(module->data, module->length, &options, &report);
  if (!error && report.verdict != WASMSIG_VERDICT_TRACKED)
    error = refuse(rewriting->made, wasmsig_verdict_text(report.verdict),
                   report.word);
  wasmsig_module_report_release(&report);
  return error;
}

/* Writes the sections that limit memories and nothing else: the code is the old
 * one, and there are neither words nor a mark. */
static int limit_only(struct wsig_rewriting *rewriting) {
  const struct wsig_wasm_section *code =
      rewriting->scan->known[WSIG_WASM_SECTION_CODE];
  if (code)
    rewriting->edits[code - rewriting->scan->sections].is_changed = false;
  rewriting->placement = (struct wsig_word_placement){0};
  wsig_rewrite_memories(rewriting);
  int error = wsig_rewrite_custom_sections(rewriting);
  if (!error) wsig_rewrite_module(rewriting);
  return error;
}

/* A module without polls needs no words: it stays as it is, but for limits. */
static int keep(struct wsig_rewriting *rewriting) {
  const struct wsig_scan *scan = rewriting->scan;
  int error = 0;
  if (rewriting->made->memories_limited > 0)
    error = limit_only(rewriting);
  else
    wsig_bytes_append(&rewriting->module, scan->bytes, scan->length);
  if (error) return error;
  return rewriting->module.failed ? WASMSIG_ENOMEM : WASMSIG_OK;
}

static int rewrite(struct wsig_rewriting *rewriting) {
  wasmsig_instrumented *made = rewriting->made;
  rewriting->edits =
      calloc(rewriting->scan->section_count + 1, sizeof *rewriting->edits);
  if (!rewriting->edits) return WASMSIG_ENOMEM;
  int error = put_polls(rewriting);
  if (error) return error;
  made->placement = rewriting->placement.kind;
  made->loops = rewriting->code.loops;
  made->polls = rewriting->code.polls;
  made->delivers = rewriting->plan.deliver != WSIG_NO_FUNCTION;
  if (made->polls == 0) return keep(rewriting);
  const char *why = excess(rewriting);
  if (why) return refuse(made, why, -1);
  wsig_rewrite_memories(rewriting);
  wsig_rewrite_declarations(rewriting);
  error = wsig_rewrite_custom_sections(rewriting);
  if (error) return error;
  wsig_rewrite_module(rewriting);
  if (rewriting->module.failed) return WASMSIG_ENOMEM;
  if (exceeds(rewriting->scan->length, rewriting->module.length, BYTES_MOST))
    return refuse(made, "it would be larger than engines accept (1 GiB)", -1);
  return check_made(rewriting);
}

static void release(struct wsig_rewriting *rewriting) {
  if (rewriting->edits)
    for (size_t i = 0; i < rewriting->scan->section_count; i++)
      wsig_bytes_release(&rewriting->edits[i].payload);
  free(rewriting->edits);
  for (int i = 0; i < WSIG_WASM_SECTION_COUNT; i++)
    wsig_bytes_release(&rewriting->added[i]);
  wsig_bytes_release(&rewriting->module);
  wsig_bytes_release(&rewriting->plan.atomic);
  wsig_bytes_release(&rewriting->plan.plain);
  wsig_code_release(&rewriting->code);
}

static int find_placement(struct wsig_rewriting *rewriting) {
  wasmsig_instrumented *made = rewriting->made;
  uint32_t permitted = rewriting->options->words;
  if (permitted == 0) permitted = WASMSIG_WORDS_DEFAULT;
  int error = wsig_word_placement_find(&rewriting->placement, rewriting->scan,
                                       permitted, made->reasons);
  if (error != 1) return error;
  made->other_places =
      wsig_word_placement_others(rewriting->scan, permitted, made->reasons);
  return refuse(made, "no place for its signal words", -1);
}

/* Whether there is code to poll in, or an error. */
static int needs_polls(const struct wsig_rewriting *rewriting) {
  struct wsig_plan plan = {.every = rewriting->options->every,
                           .calls = rewriting->options->calls,
                           .deliver = rewriting->plan.deliver};
  struct wsig_code code;
  int error = wsig_code_write(&code, rewriting->scan, &plan);
  bool needs = error == 1 || code.polls > 0;
  wsig_code_release(&code);
  return error < 0 ? error : needs;
}

/* A module without code to poll in needs no place. */
static int find_needed_placement(struct wsig_rewriting *rewriting) {
  int error = find_placement(rewriting);
  if (error != WASMSIG_INSTRUMENT_REFUSED) return error;
  int needs = needs_polls(rewriting);
  if (needs == 0) {
    rewriting->made->why = NULL;
    rewriting->made->other_places = 0;
  }
  return needs;
}

/* A refusal may come after parts of the new module were made. */
static void forget_made(wasmsig_instrumented *made) {
  made->placement = WASMSIG_WORDS_OWN;
  made->loops = made->polls = 0;
  made->delivers = false;
  made->left_out_count = made->left_out_more = 0;
  made->memories_limited = 0;
}

/* From here on, the caller owns the bytes. */
static void hand_over(struct wsig_rewriting *rewriting) {
  rewriting->made->bytes = rewriting->module.data;
  rewriting->made->length = rewriting->module.length;
  rewriting->module = (struct wsig_bytes){0};
}

static int instrument(wasmsig_instrumented *made, const struct wsig_scan *scan,
                      const wasmsig_instrument_options *options) {
  struct wsig_rewriting rewriting = {
      .scan = scan, .options = options, .made = made};
  const char *why = unfinished(scan);
  if (why) return refuse(made, why, -1);
  int error = check_words(made, &scan->report);
  if (!error)
    error = wsig_deliver_find(&rewriting.plan.deliver, scan, &made->why);
  if (!error) error = wsig_check_memories(&rewriting);
  if (!error) error = find_needed_placement(&rewriting);
  if (!error) error = rewrite(&rewriting);
  if (!error)
    hand_over(&rewriting);
  else
    forget_made(made);
  release(&rewriting);
  return error;
}

int wasmsig_instrument(const void *bytes, size_t length,
                       const wasmsig_instrument_options *options,
                       wasmsig_instrumented *made) {
  static const wasmsig_instrument_options defaults =
      WASMSIG_INSTRUMENT_OPTIONS_INIT;
  if (!options) options = &defaults;
  if (!made || made->size < sizeof *made || options->size < sizeof *options ||
      (!bytes && length > 0) || options->every > WASMSIG_INSTRUMENT_EVERY_MAX ||
      options->words >> WASMSIG_WORDS_COUNT != 0)
    return WASMSIG_EINVAL;
  *made = (wasmsig_instrumented)WASMSIG_INSTRUMENTED_INIT;
  struct wsig_scan scan;
  int error = wsig_scan(&scan, bytes, length, &made->why);
  if (!error) error = instrument(made, &scan, options);
  made->report = scan.report;
  scan.report = (wasmsig_module_report)WASMSIG_MODULE_REPORT_INIT;
  wsig_scan_release(&scan);
  if (error < 0) wasmsig_instrumented_release(made);
  return error;
}

void wasmsig_instrumented_release(wasmsig_instrumented *made) {
  if (!made) return;
  free(made->bytes);
  wasmsig_module_report_release(&made->report);
  *made = (wasmsig_instrumented)WASMSIG_INSTRUMENTED_INIT;
}
