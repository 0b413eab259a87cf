/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The public functions of the module reader. A cursor reads the bytes,
 * sections.c reads the wasm sections through it, and verdict.c judges the
 * report.
 *
 * The reader fills a separate report and copies it to the caller's at the end:
 * so the caller's is unchanged if reading fails. Everything else that the
 * reader allocates is freed here.
 */
#include "wasmsig/module.h"

#include "file.h"
#include "header.h"
#include "reader.h"
#include "verdict.h"

#include <errno.h>
#include <stdlib.h>

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
    wsig_report_judge(report);
    return;
  }
  report->verdict = cursor->verdict;
  report->offset = cursor->fault_offset;
  report->detail = cursor->fault_detail;
}

static void free_module(struct wsig_module *module) {
  wsig_cursor_close(&module->cursor);
  free(module->types);
  free(module->functions);
  free(module->memories);
  free(module->globals);
  free(module->imports);
  free(module->exports);
  free(module->blocks);
  wsig_text_release(&module->names);
}

/* The caller opens the module's cursor; this function closes it. */
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
