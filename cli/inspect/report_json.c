/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "inspect/report_json.h"

#include "text/places.h"
#include "text/print.h"
#include "text/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *cli_kind_name(wasmsig_extern_kind kind) {
  static const char *const names[] = {"function", "table", "memory", "global",
                                      "tag"};
  return (size_t)kind < 5 ? names[kind] : "unknown kind";
}

static void key(const char *name) { printf(",\"%s\":", name); }

static void print_name(const wasmsig_module_name *name) {
  if (name->bytes)
    cli_print_json_string(name->bytes, name->length);
  else
    fputs("null", stdout);
}

static void print_bool(bool value) { fputs(value ? "true" : "false", stdout); }

static void print_known(uint64_t number, uint64_t unknown) {
  if (number == unknown)
    fputs("null", stdout);
  else
    printf("%" PRIu64, number);
}

static void print_import(const wasmsig_module_name *module,
                         const wasmsig_module_name *name) {
  if (!module->bytes) {
    fputs("null", stdout);
    return;
  }
  fputs("{\"module\":", stdout);
  print_name(module);
  key("name");
  print_name(name);
  putchar('}');
}

static void print_word(const wasmsig_module_word *word) {
  static const char *const sources[] = {"constant", "imported", "computed"};
  if (!word->is_exported) {
    fputs("null", stdout);
    return;
  }
  printf("{\"kind\":\"%s\"", cli_kind_name(word->kind));
  if (word->kind == WASMSIG_EXTERN_GLOBAL) {
    printf(",\"type\":\"%s\"", word->type == 0x7f   ? "i32"
                               : word->type == 0x7e ? "i64"
                                                    : "other");
    key("mutable");
    print_bool(word->is_mutable);
    printf(",\"source\":\"%s\"", sources[word->source]);
    key("address");
    print_known(word->address, WASMSIG_NO_WORD);
    key("import");
    print_import(&word->import_module, &word->import_name);
  }
  putchar('}');
}

static void print_words(const wasmsig_module_report *report) {
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    printf("%s\"%s\":", i == 0 ? "{" : ",", wasmsig_word_name(i));
    print_word(&report->words[i]);
  }
  putchar('}');
}

static void print_memory(const wasmsig_module_memory *memory) {
  if (memory->count == 0) {
    fputs("null", stdout);
    return;
  }
  printf("{\"count\":%" PRIu32, memory->count);
  key("shared");
  print_bool(memory->is_shared);
  printf(",\"address_type\":\"%s\"", memory->is_64_bit ? "i64" : "i32");
  key("minimum_pages");
  printf("%" PRIu64, memory->minimum_pages);
  key("maximum_pages");
  print_known(memory->maximum_pages, WASMSIG_NO_MAXIMUM);
  key("export");
  print_name(&memory->export_name);
  key("import");
  print_import(&memory->import_module, &memory->import_name);
  putchar('}');
}

static void print_own_memory(const wasmsig_module_report *report) {
  if (report->own_memory.is_exported)
    printf("{\"index\":%" PRIu32 "}", report->own_memory.index);
  else
    fputs("null", stdout);
}

static void print_polls(const wasmsig_module_polls *polls) {
  printf("{\"atomic\":%" PRIu64 ",\"plain\":%" PRIu64, polls->atomic,
         polls->plain);
  key("lifted");
  printf("%" PRIu64, polls->lifted);
  key("plain_functions");
  putchar('[');
  for (uint32_t i = 0; i < polls->functions_count; i++) {
    printf("%s{\"index\":%" PRIu32, i == 0 ? "" : ",", polls->functions[i]);
    key("name");
    print_name(&polls->names[i]);
    putchar('}');
  }
  fputs("]}", stdout);
}

static void print_prediction(const struct cli_prediction *prediction) {
  const wasmsig_instrumented *made = &prediction->made;
  if (!prediction->is_known) {
    fputs("null", stdout);
    return;
  }
  printf("{\"accepted\":%s,\"polls\":%" PRIu64 ",\"delivers\":%s,\"words\":",
         made->bytes ? "true" : "false", made->polls,
         made->delivers ? "true" : "false");
  cli_print_json_text(made->bytes ? cli_place_name((int)made->placement)
                                  : NULL);
  fputs(",\"reason\":", stdout);
  cli_print_json_text(made->bytes ? made->reasons[made->placement] : made->why);
  putchar('}');
}

static void print_hints(const wasmsig_module_report *report) {
  const char *hints[CLI_MOST_HINTS];
  size_t count = cli_hints(report, hints);
  putchar('[');
  for (size_t i = 0; i < count; i++) {
    if (i > 0) putchar(',');
    cli_print_json_text(hints[i]);
  }
  putchar(']');
}

void cli_print_json(const char *path, const wasmsig_module_report *report,
                    const struct cli_prediction *prediction) {
  bool is_readable = wasmsig_verdict_is_readable(report->verdict);
  fputs("{\"file\":", stdout);
  cli_print_json_text(path);
  key("tracked");
  print_bool(report->verdict == WASMSIG_VERDICT_TRACKED);
  key("verdict");
  cli_print_json_text(wasmsig_verdict_code(report->verdict));
  key("text");
  cli_print_json_text(wasmsig_verdict_text(report->verdict));
  key("word");
  cli_print_json_text(report->word < 0 ? NULL
                                       : wasmsig_word_name(report->word));
  if (is_readable) {
    key("words");
    print_words(report);
    key("memory");
    print_memory(&report->memory);
    key("own_memory");
    print_own_memory(report);
    key("polls");
    print_polls(&report->polls);
    key("instrument");
    print_prediction(prediction);
  } else {
    key("offset");
    printf("%" PRIu64, report->offset);
    key("detail");
    cli_print_json_text(report->detail);
  }
  key("hints");
  print_hints(report);
  puts("}");
}
