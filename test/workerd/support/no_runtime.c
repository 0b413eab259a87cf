/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "no_runtime.h"

#include "atomics.h"
#include "binary/runtime.h"
#include "isolates.h"
#include "settings.h"

#include <stddef.h>

static const void *no_instances; /* the head of an empty list */
static char isolate;
char no_runtime_enforcer;

static void *current(void) { return &isolate; }
static void do_nothing(void *object) { (void)object; }
static bool is_no_actor(void *context) { return context == NULL; }

static const void *tracked(const void *enforcer) {
  return enforcer == &no_runtime_enforcer ? &no_instances : NULL;
}

typedef void interruption(void *isolate, void *data);
static interruption *asked;
static void *asked_data;

static void interrupt(void *of, interruption *callback, void *data) {
  (void)of;
  asked_data = data;
  wsig_store_release(&asked, callback); /* after its data */
}

void no_runtime_interrupt_if_asked(void) {
  interruption *callback = wsig_load_acquire(&asked);
  if (!callback) return;
  wsig_store_release(&asked, NULL);
  callback(&isolate, asked_data);
}

void no_runtime_use(uint64_t soft_ns, uint64_t hard_ns) {
  wkd_runtime = (struct wkd_runtime){.layout = WKD_LAYOUT_OPTIONAL,
                                     .isolate_current = current,
                                     .isolate_terminate = do_nothing,
                                     .isolate_cancel = do_nothing,
                                     .isolate_interrupt = interrupt,
                                     .context_has_output_gate = is_no_actor,
                                     .context_delete = do_nothing,
                                     .isolate_enforcer_delete = do_nothing,
                                     .tracked_instances = tracked};
  wkd_settings.soft_ns = soft_ns;
  wkd_settings.hard_ns = hard_ns;
  wkd_isolate_customize(&no_runtime_enforcer, &isolate);
}
