/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The module reader's report, in the oracle's format: reads modules from
 * standard input, each after its length, and prints a line of JSON for each.
 */
#include "wasmsig/module.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *bool_text(bool value) { return value ? "true" : "false"; }

static void print_name(const char *key, const wasmsig_module_name *name) {
  printf(",\"%s\":", key);
  if (!name->bytes) {
    printf("null");
    return;
  }
  putchar('"');
  for (size_t i = 0; i < name->length; i++)
    printf("%02x", (unsigned char)name->bytes[i]);
  putchar('"');
}

/* As a string, because JavaScript has no such large numbers. */
static void print_number(const char *key, uint64_t value, uint64_t none) {
  if (value == none)
    printf(",\"%s\":null", key);
  else
    printf(",\"%s\":\"%" PRIu64 "\"", key, value);
}

static const char *type_text(uint8_t code) {
  static const char *const names[] = {"v128", "f64", "f32", "i64", "i32"};
  return code >= 0x7b && code <= 0x7f ? names[code - 0x7b] : "ref";
}

static void print_word(const wasmsig_module_word *word) {
  if (!word->is_exported) {
    printf("null");
    return;
  }
  printf("{\"kind\":%d,\"index\":%" PRIu32, (int)word->kind, word->index);
  if (word->kind == WASMSIG_EXTERN_GLOBAL) {
    printf(",\"type\":\"%s\",\"mutable\":%s,\"source\":%d",
           type_text(word->type), bool_text(word->is_mutable),
           (int)word->source);
    if (word->source == WASMSIG_VALUE_CONSTANT)
      printf(",\"address\":\"%" PRIu64 "\"", word->address);
    else
      printf(",\"address\":%s",
             word->address == WASMSIG_NO_WORD ? "null" : "\"not unknown\"");
    print_name("module", &word->import_module);
    print_name("name", &word->import_name);
  }
  putchar('}');
}

static void print_memory(const wasmsig_module_memory *memory) {
  printf("{\"count\":%" PRIu32, memory->count);
  if (memory->count > 0) {
    printf(",\"imported\":%s,\"exported\":%s,\"shared\":%s,\"is64\":%s",
           bool_text(memory->is_imported), bool_text(memory->is_exported),
           bool_text(memory->is_shared), bool_text(memory->is_64_bit));
    printf(",\"minimum\":\"%" PRIu64 "\"", memory->minimum_pages);
    print_number("maximum", memory->maximum_pages, WASMSIG_NO_MAXIMUM);
    print_name("export", &memory->export_name);
    print_name("module", &memory->import_module);
    print_name("name", &memory->import_name);
  }
  putchar('}');
}

static void print_verdict(const char *key,
                          const wasmsig_module_report *report) {
  printf("\"%s\":{\"verdict\":\"%s\",\"readable\":%s,\"at\":%" PRIu64
         ",\"text\":\"%s\"},",
         key, wasmsig_verdict_code(report->verdict),
         bool_text(wasmsig_verdict_is_readable(report->verdict)),
         report->offset, report->detail ? report->detail : "");
}

static void print_report(const wasmsig_module_report *skipped,
                         const wasmsig_module_report *walked) {
  putchar('{');
  print_verdict("skipped", skipped);
  print_verdict("walked", walked);
  printf("\"facts\":{\"words\":[");
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    if (i > 0) putchar(',');
    print_word(&skipped->words[i]);
  }
  printf("],\"memory\":");
  print_memory(&skipped->memory);
  printf(",\"own\":");
  if (skipped->own_memory.is_exported)
    printf("%" PRIu32, skipped->own_memory.index);
  else
    printf("null");
  printf("},\"polls\":{\"plain\":%" PRIu64 ",\"atomic\":%" PRIu64 "}}\n",
         walked->polls.plain, walked->polls.atomic);
}

static void inspect(const uint8_t *bytes, size_t length) {
  wasmsig_module_report skipped = WASMSIG_MODULE_REPORT_INIT,
                        walked = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  options.polls = true;
  if (wasmsig_module_inspect(bytes, length, NULL, &skipped) ||
      wasmsig_module_inspect(bytes, length, &options, &walked)) {
    fprintf(stderr, "facts: out of memory\n");
    exit(EXIT_FAILURE);
  }
  print_report(&skipped, &walked);
  wasmsig_module_report_release(&skipped);
  wasmsig_module_report_release(&walked);
}

/* The next module, to be freed; NULL at the end. */
static uint8_t *next(size_t *length) {
  uint8_t size[4];
  if (fread(size, 1, sizeof size, stdin) != sizeof size) return NULL;
  *length = size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 |
            (size_t)size[3] << 24;
  uint8_t *bytes = malloc(*length > 0 ? *length : 1);
  if (!bytes || fread(bytes, 1, *length, stdin) != *length) {
    fprintf(stderr, "facts: the input ends within a module\n");
    exit(EXIT_FAILURE);
  }
  return bytes;
}

int main(void) {
  size_t length;
  uint8_t *bytes;
  while ((bytes = next(&length))) {
    inspect(bytes, length);
    free(bytes);
  }
  return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
