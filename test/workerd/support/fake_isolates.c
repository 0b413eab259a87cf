/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fake_isolates.h"

#include "atomics.h"
#include "binary/runtime.h"
#include "isolates.h"
#include "stress/storm.h" /* die() */
#include "wasmsig/host.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY 64u /* bytes of an instance */
#define SIGNAL_AT 16u
#define TERMINATED_AT 20u
#define CANARY 0x5a

/* As the runtime's since 2026-05 (tracked_list.c). */
struct fake_entry {
  struct wkd_array memory;
  struct {
    bool is_set;
    uint32_t value;
  } signal, terminated;
  const void *handle;
  struct fake_entry *next;
};

_Thread_local struct fake_counts fake_counts;
_Thread_local bool fake_is_unwinding;
static _Thread_local struct fake_isolate *here;

/* ------------------------------------------------------------ v8::Isolate */

static void *current(void) { return here; }

static void terminate(void *isolate) {
  struct fake_isolate *it = isolate;
  wsig_store_release(&it->is_terminating, 1);
}

static void cancel(void *isolate) {
  struct fake_isolate *it = isolate;
  if (it != here) die("a kill was undone in another thread");
  wsig_store_relaxed(&it->is_terminating, 0);
}

static void request_interrupt(void *isolate, fake_interrupt *callback,
                              void *data) {
  struct fake_isolate *it = isolate;
  pthread_mutex_lock(&it->lock);
  size_t i = 0;
  while (i < it->interrupts && it->asked[i].callback != callback) i++;
  if (i == FAKE_INTERRUPTS) die("too many different interrupts");
  it->asked[i].callback = callback;
  it->asked[i].data = data;
  if (i == it->interrupts) it->interrupts++;
  pthread_mutex_unlock(&it->lock);
}

static bool take_interrupt(struct fake_isolate *isolate,
                           fake_interrupt **callback, void **data) {
  pthread_mutex_lock(&isolate->lock);
  bool found = isolate->interrupts > 0;
  if (found) {
    size_t last = --isolate->interrupts;
    *callback = isolate->asked[last].callback;
    *data = isolate->asked[last].data;
  }
  pthread_mutex_unlock(&isolate->lock);
  return found;
}

bool fake_isolate_check(struct fake_isolate *isolate) {
  fake_interrupt *callback;
  void *data;
  while (take_interrupt(isolate, &callback, &data)) callback(isolate, data);
  return wsig_load_acquire(&isolate->is_terminating) != 0;
}

void fake_isolate_lock(struct fake_isolate *isolate) { here = isolate; }

/* ---------------------------------------------------------- kj::Exception */

static void construct(void *exception, int type, const char *file, int line,
                      struct wkd_array *description) {
  (void)type, (void)file, (void)line, (void)description;
  fake_counts.constructed++;
  *(void **)exception = malloc(1); /* a leak is one that the sanitizer sees */
}

static void destroy(void *exception) {
  fake_counts.destroyed++;
  free(*(void **)exception);
}

static void set_detail(void *exception, uint64_t id, struct wkd_array *detail) {
  (void)exception, (void)id, (void)detail;
}

static void throw_it(void *exception, unsigned ignored) {
  (void)ignored;
  fake_counts.thrown++;
  free(*(void **)exception);
}

static unsigned uncaught(void) { return fake_is_unwinding ? 1 : 0; }

/* ----------------------------------------------------- workerd::IoContext */

static void abort_context(void *context, void *exception) {
  struct fake_context *it = context;
  (void)exception;
  if (!it->exists) die("a context was aborted after its end");
  if (it->is_aborted) die("a context was aborted twice");
  if (it->isolate != here) die("a context of another isolate was aborted");
  it->is_aborted = true;
  fake_counts.aborted++;
}

static bool has_output_gate(void *context) {
  return ((struct fake_context *)context)->is_actor;
}

static void delete_context(void *context) {
  struct fake_context *it = context;
  if (!it->exists) die("a context was deleted twice");
  it->exists = false;
}

/* ------------------------------------------- tracked instances and isolates */

static const void *tracked(const void *enforcer) {
  const struct fake_isolate *isolate = /* `enforcer` is its first member */
      (const struct fake_isolate *)enforcer;
  return &isolate->instances;
}

static void do_nothing(void *object) { (void)object; }

void fake_instance_add(struct fake_isolate *isolate) {
  if (isolate->instance_count == FAKE_INSTANCES) return;
  struct fake_entry *made = calloc(1, sizeof *made);
  unsigned char *memory = malloc(MEMORY);
  if (!made || !memory) die("out of memory");
  memset(memory, CANARY, MEMORY);
  memset(memory + SIGNAL_AT, 0, 2 * sizeof(uint32_t));
  made->memory.elements = memory;
  made->memory.size = MEMORY;
  made->signal.is_set = made->terminated.is_set = true;
  made->signal.value = SIGNAL_AT;
  made->terminated.value = TERMINATED_AT;
  made->next = isolate->instances;
  wsig_store_release(&isolate->instances, made);
  isolate->instance_count++;
}

void fake_instance_remove(struct fake_isolate *isolate) {
  struct fake_entry *first = isolate->instances;
  if (!first) return;
  wsig_store_release(&isolate->instances, first->next);
  wsig_handler_fence(); /* a handler walks the list before or after this */
  isolate->instance_count--;
  free((void *)(uintptr_t)first->memory.elements);
  free(first);
}

static uint32_t word_of(const struct fake_entry *entry, uint32_t at) {
  uint32_t word;
  memcpy(&word, (const unsigned char *)entry->memory.elements + at,
         sizeof word);
  return word;
}

bool fake_instances_are_signalled(const struct fake_isolate *isolate) {
  const struct fake_entry *entry = isolate->instances;
  while (entry && word_of(entry, SIGNAL_AT) == 0) entry = entry->next;
  return entry;
}

static const char *problem_of(const struct fake_entry *entry) {
  const unsigned char *memory = entry->memory.elements;
  uint32_t signal = word_of(entry, SIGNAL_AT);
  uint32_t terminated = word_of(entry, TERMINATED_AT);
  if (signal != 0 && signal != WASMSIG_SIGXCPU) return "a word is no signal";
  if (terminated > 1) return "a terminated word is neither 0 nor 1";
  for (size_t i = 0; i < MEMORY; i++)
    if ((i < SIGNAL_AT || i >= TERMINATED_AT + sizeof terminated) &&
        memory[i] != CANARY)
      return "a canary was written to";
  return NULL;
}

const char *fake_instances_problem(const struct fake_isolate *isolate) {
  const char *problem = NULL;
  const struct fake_entry *entry = isolate->instances;
  for (; entry && !problem; entry = entry->next) problem = problem_of(entry);
  return problem;
}

void fake_isolate_begin(struct fake_isolate *isolate) {
  memset(isolate, 0, sizeof *isolate);
  pthread_mutex_init(&isolate->lock, NULL);
  here = isolate;
  wkd_isolate_customize(&isolate->enforcer, isolate);
}

void fake_isolate_end(struct fake_isolate *isolate) {
  while (isolate->instances) fake_instance_remove(isolate);
  isolate->interrupts = 0;
  wkd_isolate_enforcer_delete(&isolate->enforcer);
  pthread_mutex_destroy(&isolate->lock);
  here = NULL;
}

void fake_runtime_use(void) {
  wkd_runtime = (struct wkd_runtime){.layout = WKD_LAYOUT_OPTIONAL,
                                     .isolate_current = current,
                                     .isolate_terminate = terminate,
                                     .isolate_cancel = cancel,
                                     .isolate_interrupt = request_interrupt,
                                     .exception_construct = construct,
                                     .exception_destroy = destroy,
                                     .exception_set_detail = set_detail,
                                     .exception_throw = throw_it,
                                     .uncaught_exceptions = uncaught,
                                     .context_abort = abort_context,
                                     .context_has_output_gate = has_output_gate,
                                     .context_delete = delete_context,
                                     .tracked_instances = tracked,
                                     .isolate_enforcer_delete = do_nothing};
}
