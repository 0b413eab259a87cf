/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "rewrite/deliver.h"

#include "analysis/body.h"
#include "rewrite/code.h"

static const char deliver_name[] = "__instance_signal_deliver";

static bool is_plain(const struct wsig_scan *scan, uint32_t function) {
  if (function >= scan->function_count) return false;
  uint32_t type = scan->functions[function];
  return type < scan->signature_count && scan->signatures[type].is_plain;
}

/* If the body consists only of calls, and of at least two: the function that it
 * calls last. Otherwise WSIG_NO_FUNCTION. */
static uint32_t last_of_calls(const struct wsig_scan *scan, uint32_t function) {
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
      if (instruction.opcode != WSIG_OP_CALL) return WSIG_NO_FUNCTION;
      last = (uint32_t)instruction.operands[0].value;
      calls++;
    }
  return calls > 1 ? last : WSIG_NO_FUNCTION;
}

/* wasm-ld wraps each export of a command, depending on its crt1: the wrapper
 * runs the destructors afterwards (lld/wasm/Writer.cpp,
 * createCommandExportWrapper). */
static bool is_wrapped(const struct wsig_scan *scan, uint32_t function) {
  const struct wsig_export *start = wsig_scan_export(scan, "_start");
  uint32_t last = last_of_calls(scan, function);
  return last != WSIG_NO_FUNCTION && start &&
         start->kind == WASMSIG_EXTERN_FUNCTION &&
         last_of_calls(scan, start->index) == last;
}

int wsig_deliver_find(uint32_t *deliver, const struct wsig_scan *scan,
                      const char **why) {
  const struct wsig_export *export = wsig_scan_export(scan, deliver_name);
  *deliver = WSIG_NO_FUNCTION;
  if (!export) return WASMSIG_OK;
  if (export->kind != WASMSIG_EXTERN_FUNCTION || !is_plain(scan, export->index))
    return wsig_refuse(why,
                       "its __instance_signal_deliver is not a function "
                       "without parameters and results");
  if (!scan->report.words[WASMSIG_WORD_SIGNAL].is_exported)
    return wsig_refuse(why,
                       "it exports __instance_signal_deliver, but not "
                       "__instance_signal");
  if (is_wrapped(scan, export->index))
    return wsig_refuse(
        why,
        "its linker wrapped __instance_signal_deliver: each delivery "
        "would end the program; link with wasmsig-cc, or with "
        "-nostartfiles and crt1.o");
  *deliver = export->index;
  return WASMSIG_OK;
}
