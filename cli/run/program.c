/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "run/program.h"

#include "engines/function_kinds.h"
#include "engines/module_sections.h"
#include "module/type.h"

#include <string.h>

/* ---------------------------------------------------------------- exports */

/* NULL, or why the function that is to be called is none. */
static const char *entry_refusal(struct cli_bytes module, const char *entry) {
  struct cli_function_kinds kinds;
  if (!cli_function_kinds_read(&kinds, module, entry)) return "out of memory";
  bool is_start = strcmp(entry, "_start") == 0;
  bool has_values = kinds.parameter_count > 0 || kinds.result_count > 0;
  bool is_found = kinds.is_found;
  cli_function_kinds_release(&kinds);
  if (is_found)
    return is_start && has_values
               ? "its function _start has parameters or results: it is not a "
                 "program"
               : NULL;
  return is_start ? "it has no function _start: it is not a program"
                  : "--invoke: it exports no function of that name";
}

/* ---------------------------------------------------------------- imports */

/* wasi-threads is the only interface for it. */
static bool spawns_threads(struct cli_bytes module) {
  struct wsig_cursor cursor =
      cli_find_section(module, WSIG_WASM_SECTION_IMPORT);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    struct cli_module_import import = cli_read_import(&cursor);
    if (cli_is_name(&cursor, import.module, "wasi") &&
        cli_is_name(&cursor, import.name, "thread-spawn"))
      return true;
  }
  return false;
}

/* ---------------------------------------------------------------- memories */

enum { PAGE = 1 << 16 };

/* Wasmtime's limits of a store do not hold for shared memories. Their type has
 * a maximum. */
static bool has_larger_shared_memory(struct cli_bytes module,
                                     uint64_t most_memory) {
  struct wsig_cursor cursor =
      cli_find_section(module, WSIG_WASM_SECTION_MEMORY);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    struct wsig_limits limits = wsig_read_memory_limits(&cursor);
    if (limits.is_shared && limits.maximum > most_memory / PAGE) return true;
  }
  return false;
}

/* -------------------------------------------------------------------- all */

const char *cli_program_refusal(struct cli_bytes module,
                                const wasmsig_module_report *report,
                                const char *entry, uint64_t most_memory) {
  const wasmsig_module_memory *memory = &report->memory;
  bool imports_memory = memory->count > 0 && memory->is_imported;
  if (memory->count > 0 && memory->is_64_bit)
    return "its memory has 64-bit addresses, but WASI preview 1 has 32-bit "
           "ones";
  if ((imports_memory && memory->is_shared) || spawns_threads(module))
    return "it needs threads (wasi-threads), which are not supported";
  const char *why = entry_refusal(module, entry);
  if (why) return why;
  if (imports_memory)
    return "it imports its memory, but a WASI program defines its own";
  if (memory->count > 0 && memory->minimum_pages > most_memory / PAGE)
    return "its memory is larger than --max-memory from the start";
  if (has_larger_shared_memory(module, most_memory))
    return "a memory of it is shared, and may grow beyond --max-memory";
  return NULL;
}
