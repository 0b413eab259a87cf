/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "process/run_trace.h"

#include "text/messages.h"
#include "trace/trace.h"
#include "wasmsig/host.h"

static int64_t guest_thread;

bool cli_trace_start(const char *file, const char *program) {
  if (!file) return true;
  const char *why = wsig_trace_start(&(struct wsig_trace_options){
      .file = file, .subject = "--trace", .process = program});
  if (why) cli_message("--trace: %s: %s", file, why);
  guest_thread = wsig_trace_thread();
  wsig_trace_name_thread("guest");
  return !why;
}

void cli_trace_stop(void) { wsig_trace_finish(); }

static void record(struct wsig_trace_event event) {
  event.thread = guest_thread;
  if (wsig_trace_is_on()) wsig_trace_instant(&event);
}

/* ------------------------------------------------------------------- slices */

bool cli_trace_begin(const char *name) {
  return wsig_trace_is_on() &&
         wsig_trace_begin(&(struct wsig_trace_event){.name = name});
}

bool cli_trace_begin_section(uint64_t soft_ns, uint64_t hard_ns) {
  struct wsig_trace_event event = {.name = "section"};
  if (soft_ns != WASMSIG_NO_LIMIT) {
    event.numbers[0].name = "soft_ns";
    event.numbers[0].value = soft_ns;
  }
  if (hard_ns != WASMSIG_NO_LIMIT) {
    event.numbers[1].name = "hard_ns";
    event.numbers[1].value = hard_ns;
  }
  return wsig_trace_is_on() && wsig_trace_begin(&event);
}

void cli_trace_end(const char *name, bool begun) {
  if (begun) wsig_trace_end(&(struct wsig_trace_event){.name = name});
}

/* ------------------------------------------------------------------ signals */

void cli_trace_raised(int signal, const char *by) {
  record((struct wsig_trace_event){
      .name = "raised", .signal = signal, .text = {"by", by}});
}

void cli_trace_acknowledged(int signal, uint64_t after_ns) {
  record(
      (struct wsig_trace_event){.name = "acknowledged",
                                .signal = signal,
                                .numbers = {{"after_at_most_ns", after_ns}}});
}

/* ------------------------------------------------------------------ the end */

void cli_trace_end_by_limit(const char *limit) {
  record((struct wsig_trace_event){.name = "kill", .text = {"limit", limit}});
  wsig_trace_finish();
}

void cli_trace_end_by_signal(int signal) {
  record(
      (struct wsig_trace_event){.name = "ends the process", .signal = signal});
  wsig_trace_finish();
}

void cli_trace_end_by(const char *name, int status) {
  record((struct wsig_trace_event){.name = name,
                                   .numbers = {{"status", (uint64_t)status}}});
  wsig_trace_finish();
}
