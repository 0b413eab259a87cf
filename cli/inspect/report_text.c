/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "inspect/report_text.h"

#include "inspect/report_json.h"
#include "text/escape.h"
#include "text/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Prints a character, escaped if it is a control character. Returns how many
 * bytes it had. */
static size_t print_character(const char *bytes, size_t length) {
  struct cli_escaped escaped = cli_escape_controls(bytes, length);
  fwrite(escaped.bytes, 1, escaped.length, stdout);
  return escaped.taken;
}

/* In quotes, with the escapes of the text format. */
static void print_name(const wasmsig_module_name *name) {
  putchar('"');
  for (size_t i = 0; i < name->length;) {
    if (name->bytes[i] == '"' || name->bytes[i] == '\\')
      printf("\\%02x", name->bytes[i++]);
    else
      i += print_character(name->bytes + i, name->length - i);
  }
  putchar('"');
}

static void print_path(const char *path) {
  for (size_t left = strlen(path); left > 0;) {
    size_t taken = print_character(path, left);
    path += taken;
    left -= taken;
  }
}

static void print_import(const wasmsig_module_name *module,
                         const wasmsig_module_name *name) {
  fputs("imported from ", stdout);
  print_name(module);
  putchar(' ');
  print_name(name);
}

static void print_global(const wasmsig_module_word *word) {
  const char *type = word->type == 0x7f   ? "i32"
                     : word->type == 0x7e ? "i64"
                                          : "another type";
  switch (word->source) {
    case WASMSIG_VALUE_CONSTANT:
      if (word->address != WASMSIG_NO_WORD)
        printf("at address %" PRIu64, word->address);
      else
        fputs("at no address", stdout);
      break;
    case WASMSIG_VALUE_IMPORTED:
      print_import(&word->import_module, &word->import_name);
      break;
    default: fputs("computed at instantiation", stdout);
  }
  printf(" (%s%s)", word->is_mutable ? "mutable " : "", type);
}

static void print_word(int which, const wasmsig_module_report *report) {
  const wasmsig_module_word *word = &report->words[which];
  printf("  %-27s", wasmsig_word_name(which));
  if (report->own_memory.is_exported)
    printf("at address %" PRIu64 " of memory %" PRIu32,
           wasmsig_own_memory_address(which), report->own_memory.index);
  else if (!word->is_exported)
    fputs("not exported", stdout);
  else if (word->kind == WASMSIG_EXTERN_GLOBAL)
    print_global(word);
  else
    printf("a %s, not a global", cli_kind_name(word->kind));
  putchar('\n');
}

static void print_pages(uint64_t pages) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  uint64_t kib = pages * 64;
  int unit = 0;
  while (kib >= 1024 && kib % 1024 == 0 && unit < 4) kib /= 1024, unit++;
  printf("%" PRIu64 " %s", kib, units[unit]);
}

static void print_memory(const wasmsig_module_memory *memory) {
  printf("  %-27s", "memory 0");
  if (memory->count == 0) {
    puts("none");
    return;
  }
  if (memory->is_imported)
    print_import(&memory->import_module, &memory->import_name);
  else if (!memory->is_exported)
    fputs("not exported", stdout);
  if (memory->is_exported) {
    fputs(memory->is_imported ? ", exported as " : "exported as ", stdout);
    print_name(&memory->export_name);
  }
  fputs(memory->is_shared ? ", shared, " : ", ", stdout);
  print_pages(memory->minimum_pages);
  if (memory->maximum_pages != WASMSIG_NO_MAXIMUM) {
    fputs(" to ", stdout);
    print_pages(memory->maximum_pages);
  } else {
    fputs(" or more", stdout);
  }
  if (memory->is_64_bit) fputs(", 64-bit addresses", stdout);
  if (memory->count > 1) printf(", of %" PRIu32 " memories", memory->count);
  putchar('\n');
}

static void print_own_memory(const wasmsig_module_report *report) {
  char name[32];
  if (!report->own_memory.is_exported) return;
  snprintf(name, sizeof name, "memory %" PRIu32, report->own_memory.index);
  printf("  %-27sexported as \"%s\", for the words alone\n", name,
         WASMSIG_OWN_MEMORY);
}

static void print_polls(const wasmsig_module_polls *polls) {
  printf("  %-27s", "polls of the signal word");
  if (polls->atomic == 0 && polls->plain == 0) {
    puts("none seen");
    return;
  }
  printf("%" PRIu64 " atomic, %" PRIu64 " plain", polls->atomic, polls->plain);
  for (uint32_t i = 0; i < polls->functions_count; i++) {
    fputs(i == 0 ? " (in function " : ", ", stdout);
    printf("%" PRIu32, polls->functions[i]);
    if (polls->names[i].bytes) {
      putchar(' ');
      print_name(&polls->names[i]);
    }
  }
  puts(polls->functions_count > 0 ? ")" : "");
}

static void print_instrumented(const wasmsig_instrumented *made) {
  if (made->polls == 0)
    puts("unchanged: it has no loop to poll in, and no recursion");
  else
    printf("%" PRIu64 " poll%s for %s, %s\n", made->polls,
           made->polls == 1 ? "" : "s",
           made->delivers ? "all signals" : "SIGKILL only",
           made->reasons[made->placement]);
}

static void print_prediction(const struct cli_prediction *prediction) {
  const wasmsig_instrumented *made = &prediction->made;
  if (!prediction->is_known) return;
  printf("  %-27s", "wasmsig instrument");
  if (made->bytes)
    print_instrumented(made);
  else if (made->word >= 0)
    printf("refused: %s: %s\n", wasmsig_word_name(made->word), made->why);
  else
    printf("refused: %s\n", made->why);
}

static void print_hints(const wasmsig_module_report *report) {
  const char *hints[CLI_MOST_HINTS];
  size_t count = cli_hints(report, hints);
  for (size_t i = 0; i < count; i++) printf("  hint: %s\n", hints[i]);
}

void cli_print_report(const char *path, const wasmsig_module_report *report,
                      const struct cli_prediction *prediction) {
  print_path(path);
  fputs(": ", stdout);
  if (report->verdict == WASMSIG_VERDICT_TRACKED) {
    puts("tracked");
  } else {
    printf("not tracked (%s): ", wasmsig_verdict_code(report->verdict));
    if (report->word >= 0) printf("%s: ", wasmsig_word_name(report->word));
    puts(wasmsig_verdict_text(report->verdict));
  }
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) print_word(i, report);
  print_memory(&report->memory);
  print_own_memory(report);
  if (cli_has_signal_word(report)) print_polls(&report->polls);
  print_prediction(prediction);
  print_hints(report);
}
