/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is refused, what a poll is, and the way from one module to the other.
 *
 * What has been made is read again by the module reader, as a host will read
 * it: it is handed over only if that finds words that can be tracked.
 */
#include "instrument.h"

#include "body.h"
#include "code.h"
#include "rewrite.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- refusals */

/* Modules that a linker or loader has not finished with. */
static const char *unfinished(const struct wsig_scan *scan) {
  for (size_t i = 0; i < scan->section_count; i++) {
    const struct wsig_section *section = &scan->sections[i];
    if (wsig_section_is_named(section, "wasmsig.instrument"))
      return "it has been instrumented before; take the module as it was";
    if (wsig_section_is_named(section, "linking") ||
        (section->name_length > 6 && memcmp(section->name, "reloc.", 6) == 0))
      return "it is an object file: link it first";
    if (wsig_section_is_named(section, "dylink.0") ||
        wsig_section_is_named(section, "dylink"))
      return "it is a library that is linked when it is loaded, at an address "
             "that is not known before";
  }
  return NULL;
}

static int refuse(struct wsig_instrumented *made, const char *why, int word) {
  made->why = why;
  made->word = word;
  return 1;
}

/* Words that the module has, and that no host could use. */
static int check_words(struct wsig_instrumented *made,
                       const wasmsig_module_report *report) {
  const wasmsig_module_word *signal = &report->words[WASMSIG_WORD_SIGNAL];
  switch (report->verdict) {
    case WASMSIG_VERDICT_TRACKED:
    case WASMSIG_VERDICT_NO_WORDS:
    case WASMSIG_VERDICT_HIDDEN_MEMORY: break;
    default:
      return refuse(made, wasmsig_verdict_text(report->verdict), report->word);
  }
  if (signal->is_exported && signal->kind == WASMSIG_EXTERN_GLOBAL &&
      signal->source == WASMSIG_VALUE_IMPORTED)
    return refuse(made, "another module brings it: it is imported",
                  WASMSIG_WORD_SIGNAL);
  return WASMSIG_OK;
}

static const char deliver_name[] = "__instance_signal_deliver";

static bool is_plain(const struct wsig_scan *scan, uint32_t function) {
  if (function >= scan->function_count) return false;
  uint32_t type = scan->functions[function];
  return type < scan->signature_count && scan->signatures[type].is_plain;
}

/* The function that a body of calls alone, several, calls last; else none. */
static uint32_t last_of_calls(const struct wsig_scan *scan, uint32_t function) {
  enum { CALL = 0x10 };
  struct wsig_bodies bodies;
  struct wsig_body body;
  struct wsig_instruction instruction;
  uint32_t last = WSIG_NO_FUNCTION;
  unsigned calls = 0;
  wsig_bodies_open(&bodies, scan);
  while (wsig_bodies_next(&bodies, &body))
    while (wsig_body_instruction(&bodies, &body, &instruction)) {
      if (body.function != function || instruction.opcode == WSIG_OP_END)
        continue;
      if (instruction.opcode != CALL) return WSIG_NO_FUNCTION;
      last = (uint32_t)instruction.operands[0].value;
      calls++;
    }
  return calls > 1 ? last : WSIG_NO_FUNCTION;
}

/* wasm-ld wraps each export of a command whose crt1 asks for it: destructors
 * run behind each (lld/wasm/Writer.cpp, createCommandExportWrapper). */
static bool is_wrapped(const struct wsig_scan *scan, uint32_t function) {
  const struct wsig_export *start = wsig_scan_export(scan, "_start");
  uint32_t last = last_of_calls(scan, function);
  return last != WSIG_NO_FUNCTION && start &&
         start->kind == WASMSIG_EXTERN_FUNCTION &&
         last_of_calls(scan, start->index) == last;
}

static int find_deliver(struct wsig_instrumented *made,
                        const struct wsig_scan *scan, uint32_t *deliver) {
  const struct wsig_export *export = wsig_scan_export(scan, deliver_name);
  *deliver = WSIG_NO_FUNCTION;
  if (!export) return WASMSIG_OK;
  if (export->kind != WASMSIG_EXTERN_FUNCTION || !is_plain(scan, export->index))
    return refuse(made,
                  "its __instance_signal_deliver is no function without "
                  "parameters and results",
                  -1);
  if (!scan->report.words[WASMSIG_WORD_SIGNAL].is_exported)
    return refuse(made,
                  "it exports __instance_signal_deliver, but not "
                  "__instance_signal",
                  -1);
  if (is_wrapped(scan, export->index))
    return refuse(made,
                  "its linker wrapped __instance_signal_deliver: each delivery "
                  "would end the program; link with wasmsig-cc, or with "
                  "-nostartfiles and crt1.o",
                  -1);
  *deliver = export->index;
  return WASMSIG_OK;
}

/* ------------------------------------------------------------------- polls */

/* The address of the signal word, on the stack. */
static void put_address(struct wsig_rewriting *rewriting) {
  const wasmsig_module_report *report = &rewriting->scan->report;
  const wasmsig_module_word *word = &report->words[WASMSIG_WORD_SIGNAL];
  struct wsig_bytes *poll = &rewriting->plan.poll;
  uint64_t address = word->address;
  if (rewriting->room.kind != WSIG_ROOM_NONE) {
    address = rewriting->room.address;
  } else if (word->source != WASMSIG_VALUE_CONSTANT) {
    wsig_bytes_byte(poll, WSIG_OP_GLOBAL_GET);
    wsig_bytes_u32(poll, word->index);
    return;
  }
  bool is_wide = report->memory.count > 0 && report->memory.is_64_bit;
  wsig_bytes_byte(poll, is_wide ? WSIG_OP_I64_CONST : WSIG_OP_I32_CONST);
  if (is_wide)
    wsig_bytes_s64(poll, (int64_t)address);
  else
    wsig_bytes_s32(poll, (int32_t)(uint32_t)address);
}

/* Whether one load can read the word of attention too: it follows the signal
 * word, and the two are aligned as one. */
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

static void put_poll(struct wsig_rewriting *rewriting) {
  static const uint8_t load[] = {0xfe, 0x10, 2, 0}, wide[] = {0xfe, 0x11, 3, 0},
                       is_zero[] = {WSIG_OP_I64_CONST, 0, 0x52 /* i64.ne */},
                       is_killed[] = {WSIG_OP_I32_CONST, 9, 0x46 /* i32.eq */},
                       begin[] = {WSIG_OP_IF, 0x40},
                       kill[] = {0x00 /* unreachable */};
  struct wsig_bytes *poll = &rewriting->plan.poll;
  uint32_t deliver = rewriting->plan.deliver;
  bool delivers = deliver != WSIG_NO_FUNCTION;
  bool is_wide = delivers && has_attention(rewriting->scan);
  put_address(rewriting);
  wsig_bytes_append(poll, is_wide ? wide : load, sizeof load);
  if (is_wide) wsig_bytes_append(poll, is_zero, sizeof is_zero);
  if (!delivers) wsig_bytes_append(poll, is_killed, sizeof is_killed);
  wsig_bytes_append(poll, begin, sizeof begin);
  if (delivers) {
    wsig_bytes_byte(poll, 0x10 /* call */);
    wsig_bytes_u32(poll, deliver);
  } else {
    wsig_bytes_append(poll, kill, sizeof kill);
  }
  wsig_bytes_byte(poll, WSIG_OP_END);
}

static int put_polls(struct wsig_rewriting *rewriting) {
  struct wsig_plan *plan = &rewriting->plan;
  const struct wsig_scan *scan = rewriting->scan;
  plan->every = rewriting->options->every;
  plan->calls = rewriting->options->calls;
  plan->counter = wsig_next_global(rewriting);
  put_poll(rewriting);
  if (plan->poll.failed) return WASMSIG_ENOMEM;
  int error = wsig_code_write(&rewriting->code, scan, plan);
  if (error || !scan->known[WSIG_SECTION_CODE]) return error;
  struct wsig_edit *edit =
      &rewriting->edits[scan->known[WSIG_SECTION_CODE] - scan->sections];
  edit->is_changed = true;
  edit->payload = rewriting->code.payload;
  rewriting->code.payload = (struct wsig_bytes){0};
  return WASMSIG_OK;
}

/* -------------------------------------------------------------------- all */

/* As a host reads it. */
static int check_made(struct wsig_instrumented *made) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = true;
  int error = wasmsig_module_inspect(made->bytes.data, made->bytes.length,
                                     &options, &report);
  if (!error && report.verdict != WASMSIG_VERDICT_TRACKED)
    error = refuse(made, wasmsig_verdict_text(report.verdict), report.word);
  wasmsig_module_report_release(&report);
  return error;
}

static int rewrite(struct wsig_rewriting *rewriting) {
  struct wsig_instrumented *made = rewriting->made;
  rewriting->edits =
      calloc(rewriting->scan->section_count + 1, sizeof *rewriting->edits);
  if (!rewriting->edits) return WASMSIG_ENOMEM;
  int error = put_polls(rewriting);
  if (error) return error;
  made->room = rewriting->room.kind;
  made->loops = rewriting->code.loops;
  made->polls = rewriting->code.polls;
  wsig_rewrite_declarations(rewriting);
  error = wsig_rewrite_customs(rewriting);
  if (error) return error;
  wsig_rewrite_module(rewriting);
  return made->bytes.failed ? WASMSIG_ENOMEM : check_made(made);
}

static void release(struct wsig_rewriting *rewriting) {
  if (rewriting->edits)
    for (size_t i = 0; i < rewriting->scan->section_count; i++)
      wsig_bytes_release(&rewriting->edits[i].payload);
  free(rewriting->edits);
  for (int i = 0; i < WSIG_SECTION_COUNT; i++)
    wsig_bytes_release(&rewriting->added[i]);
  wsig_bytes_release(&rewriting->plan.poll);
  wsig_code_release(&rewriting->code);
}

static int instrument(struct wsig_instrumented *made,
                      const struct wsig_scan *scan,
                      const struct wsig_instrument_options *options) {
  struct wsig_rewriting rewriting = {
      .scan = scan, .options = options, .made = made};
  const char *why = unfinished(scan);
  if (why) return refuse(made, why, -1);
  int error = check_words(made, &scan->report);
  if (!error) error = find_deliver(made, scan, &rewriting.plan.deliver);
  if (!error) error = wsig_room_find(&rewriting.room, scan, &made->why);
  if (!error) error = rewrite(&rewriting);
  release(&rewriting);
  return error;
}

int wsig_instrument(struct wsig_instrumented *made, const uint8_t *bytes,
                    size_t length,
                    const struct wsig_instrument_options *options) {
  struct wsig_scan scan;
  *made = (struct wsig_instrumented){.word = -1};
  int error = wsig_scan(&scan, bytes, length, &made->why);
  if (!error) error = instrument(made, &scan, options);
  made->report = scan.report;
  scan.report = (wasmsig_module_report)WASMSIG_MODULE_REPORT_INIT;
  wsig_scan_release(&scan);
  if (error) wsig_bytes_release(&made->bytes);
  return error;
}

void wsig_instrumented_release(struct wsig_instrumented *made) {
  wsig_bytes_release(&made->bytes);
  wasmsig_module_report_release(&made->report);
}
