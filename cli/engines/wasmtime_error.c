/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/wasmtime_error.h"

#include "wasi/wasi.h"

#include <stdio.h>
#include <string.h>

/* The cause in Wasmtime's message: its last line, or the part of it after "wasm
 * trap: ". The lines above are the trace. */
static const char *cause_in(const char *text, size_t length, size_t *of) {
  static const char prefix[] = "wasm trap: ";
  size_t skip = sizeof prefix - 1;
  while (length > 0 && text[length - 1] == '\n') length--;
  size_t from = length;
  while (from > 0 && text[from - 1] != '\n') from--;
  const char *found = memmem(text + from, length - from, prefix, skip);
  if (found) from = (size_t)(found - text) + skip;
  while (from < length && text[from] == ' ') from++;
  *of = length - from;
  return text + from;
}

/* "CAUSE in function NAME (at 0x1a2 of the module)" */
static void set_trap_message(struct cli_result *result, const char *text,
                             size_t length, const wasm_frame_vec_t *trace) {
  char line[sizeof result->message];
  size_t cause_length;
  const char *cause = cause_in(text, length, &cause_length);
  int written = snprintf(line, sizeof line, "%.*s", (int)cause_length, cause);
  if (trace->size > 0 && written > 0 && (size_t)written < sizeof line) {
    const wasm_frame_t *frame = trace->data[0];
    const wasm_name_t *name = wasmtime_frame_func_name(frame);
    size_t offset = wasm_frame_module_offset(frame);
    char number[16], place[48] = "";
    snprintf(number, sizeof number, "%u", wasm_frame_func_index(frame));
    if (offset != SIZE_MAX) /* unknown at the start of a function */
      snprintf(place, sizeof place, " (at 0x%zx of the module)", offset);
    snprintf(line + written, sizeof line - (size_t)written,
             " in function %.*s%s", name ? (int)name->size : (int)sizeof number,
             name ? name->data : number, place);
  }
  cli_result_set(result, CLI_TRAP, line, strlen(line));
}

static void set_trap(struct cli_result *result, wasm_trap_t *trap) {
  wasm_message_t message;
  wasm_frame_vec_t trace;
  wasm_trap_message(trap, &message);
  wasm_trap_trace(trap, &trace);
  size_t length = strnlen(message.data, message.size); /* ends with a NUL */
  set_trap_message(result, message.data, length, &trace);
  wasm_frame_vec_delete(&trace);
  wasm_byte_vec_delete(&message);
  wasm_trap_delete(trap);
}

static void set_error(struct cli_result *result, wasmtime_error_t *error,
                      bool is_call) {
  wasm_message_t message;
  wasm_frame_vec_t trace;
  wasmtime_error_message(error, &message);
  wasmtime_error_wasm_trace(error, &trace);
  if (trace.size > 0 || is_call)
    set_trap_message(result, message.data, message.size, &trace);
  else
    cli_result_set(result, CLI_REFUSED, message.data, message.size);
  wasm_frame_vec_delete(&trace);
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
}

/* An error with a trace of the guest is the failure of a function of the host.
 * Any other says why Wasmtime refused the module. */
bool cli_wasmtime_succeeded(struct cli_result *result, wasmtime_error_t *error,
                            wasm_trap_t *trap) {
  if (error) set_error(result, error, false);
  if (trap) set_trap(result, trap);
  if (cli_wasi_has_exited(&result->status)) result->outcome = CLI_EXITED;
  return !error && !trap;
}

void cli_wasmtime_set_trap(struct cli_result *result, wasmtime_error_t *error) {
  set_error(result, error, true);
  if (cli_wasi_has_exited(&result->status)) result->outcome = CLI_EXITED;
}

bool cli_wasmtime_refuse(struct cli_result *result, wasmtime_error_t *error) {
  wasm_message_t message;
  wasmtime_error_message(error, &message);
  cli_result_set(result, CLI_REFUSED, message.data, message.size);
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
  return false;
}
