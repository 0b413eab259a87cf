/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Start-ups: a Worker's global scope, and modules that are imported later.
 *
 * The runtime reads `result` after the section has ended: what is an exception
 * there is the reason of the failure. Two ways lead there. Mostly V8's
 * termination has become an exception of C++, which unwinds the section. But a
 * microtask that is stopped throws nothing, and the start would be taken for a
 * success: then the section's end throws.
 *
 * V8 must still know of its termination when that exception is caught, so it
 * is not taken back while one unwinds. To leave none behind all the same, the
 * watchdog does not terminate. It asks V8 to interrupt the isolate, and the
 * interrupt, in the isolate's own thread, terminates if the section still runs.
 * What V8 had no time to notice until the section's end is taken back before
 * the isolate's next section. An interrupt that comes later finds no section,
 * or one that is not to stop: a section that has ended is not the isolate's any
 * more, and its leave has waited for a `stop` that had begun.
 */
#include "startup.h"

#include "atomics.h"
#include "binary/runtime.h"
#include "exceeded.h"
#include "fatal.h"
#include "isolates.h"
#include "report.h"
#include "settings.h"
#include "wasmsig/host.h"

#include <stdlib.h>

struct wkd_startup_section {
  wasmsig_budget budget;
  struct wkd_isolate *isolate;
  struct wkd_startup_section *outer;
  struct wkd_exception_or_duration *result;
  enum wkd_startup kind;
  uint64_t began_ns;
  uint32_t is_to_stop; /* atomic */
};

/* As it is at first: a duration of 0, nothing that must be destroyed. */
static bool is_blank(const struct wkd_exception_or_duration *result) {
  return result && result->tag == WKD_TAG_DURATION &&
         result->value.nanoseconds == 0;
}

static void write_exception(struct wkd_startup_section *section) {
  if (!is_blank(section->result)) return;
  wkd_exceeded_startup(&section->result->value);
  section->result->tag = WKD_TAG_EXCEPTION;
}

static void interrupted(void *v8_isolate, void *data) {
  struct wkd_isolate *isolate = data;
  struct wkd_startup_section *section = isolate->startup;
  if (!section || !wsig_load_acquire(&section->is_to_stop)) return;
  isolate->may_be_terminating = true;
  wkd_runtime.isolate_terminate(v8_isolate);
}

/* The watchdog calls it. */
static void stop(void *context) {
  struct wkd_startup_section *section = context;
  /* Release: before the interrupt, which may come at once. */
  wsig_store_release(&section->is_to_stop, 1);
  wkd_runtime.isolate_interrupt(section->isolate->isolate, interrupted,
                                section->isolate);
}

void *wkd_startup_enter(struct wkd_exception_or_duration *result,
                        enum wkd_startup kind) {
  struct wkd_isolate *isolate = wkd_isolate_here();
  struct wkd_startup_section *section = calloc(1, sizeof *section);
  if (!section) wkd_fatal("out of memory");
  if (!isolate) wkd_fatal("an isolate runs that was not customized");
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.hard_ns = wkd_settings.startup_ns;
  options.kill = stop;
  options.context = section;
  options.measure = true;
  section->isolate = isolate;
  section->outer = isolate->startup;
  section->result = result;
  section->kind = kind;
  section->began_ns = wkd_now_ns();
  isolate->startup = section;
  wkd_isolate_calm(isolate);
  if (wasmsig_budget_init(&section->budget, &options) != WASMSIG_OK ||
      wasmsig_budget_enter(&section->budget) != WASMSIG_OK)
    wkd_fatal("the limit of a start cannot be kept");
  return section;
}

/* Nothing unwinds: what was stopped has thrown nothing. */
static void throw_exceeded(struct wkd_isolate *isolate) {
  wkd_exception exception;
  wkd_isolate_calm(isolate);
  wkd_exceeded_startup(&exception);
  wkd_runtime.exception_throw(&exception, 0); /* moves from it */
}

void wkd_startup_leave(void *entered) {
  struct wkd_startup_section *section = entered;
  int outcome = wasmsig_budget_leave(&section->budget);
  section->isolate->startup = section->outer;
  struct wkd_event event = {
      .service = section->isolate->name,
      .kind = section->kind == WKD_DYNAMIC_IMPORT ? "import" : "startup",
      .cpu_ns = wasmsig_budget_used_ns(&section->budget),
      .wall_ns = wkd_now_ns() - section->began_ns,
      .exceeded_cpu = outcome == WASMSIG_LEFT_KILLED};
  if (event.exceeded_cpu)
    write_exception(section);
  else if (is_blank(section->result))
    section->result->value.nanoseconds = (int64_t)event.cpu_ns;
  wkd_report(&event);
  wasmsig_budget_destroy(&section->budget);
  struct wkd_isolate *isolate = section->isolate;
  free(section);
  if (event.exceeded_cpu && wkd_runtime.uncaught_exceptions() == 0)
    throw_exceeded(isolate);
}
