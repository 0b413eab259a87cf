/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How a running call is stopped.
 *
 * V8 can end what an isolate runs from any thread (v8-isolate.h,
 * Isolate::TerminateExecution). Node-API does not offer it, but hosts built on
 * V8 export it; so it is declared here, in C, as a weak symbol under its name
 * in the Itanium C++ ABI. Where the host exports none, the symbol is NULL and
 * the stop is SIGKILL in the guests' words (docs/protocol.md).
 *
 * A kill comes from the watchdog's thread, at a time when the environment may
 * be ending: `lock` keeps the isolate alive during the call.
 */
#include "addon.h"

#include <pthread.h>
#include <stdlib.h>

extern void *v8_isolate_get_current(void) __asm__(
    "_ZN2v87Isolate10GetCurrentEv") __attribute__((weak));
extern void v8_isolate_terminate_execution(void *isolate) __asm__(
    "_ZN2v87Isolate18TerminateExecutionEv") __attribute__((weak));
extern void v8_isolate_cancel_terminate_execution(void *isolate) __asm__(
    "_ZN2v87Isolate24CancelTerminateExecutionEv") __attribute__((weak));

struct engine {
  pthread_mutex_t lock;
  void *isolate; /* NULL: it has gone, or cannot be stopped */
  bool attached;
  wasmsig_registry *registry;
};

bool engine_can_kill(void) {
  return v8_isolate_get_current && v8_isolate_terminate_execution &&
         v8_isolate_cancel_terminate_execution;
}

struct engine *engine_create(wasmsig_registry *registry) {
  struct engine *engine = calloc(1, sizeof *engine);
  if (!engine) return NULL;
  pthread_mutex_init(&engine->lock, NULL);
  engine->registry = registry;
  engine->attached = true;
  if (engine_can_kill()) engine->isolate = v8_isolate_get_current();
  return engine;
}

void engine_detach(struct engine *engine) {
  pthread_mutex_lock(&engine->lock);
  engine->attached = false;
  engine->isolate = NULL;
  pthread_mutex_unlock(&engine->lock);
}

void engine_free(struct engine *engine) {
  pthread_mutex_destroy(&engine->lock);
  free(engine);
}

void engine_kill(void *context) {
  struct engine *engine = context;
  pthread_mutex_lock(&engine->lock);
  if (engine->isolate)
    v8_isolate_terminate_execution(engine->isolate);
  else if (engine->attached)
    wasmsig_registry_raise(engine->registry, WASMSIG_SIGKILL);
  pthread_mutex_unlock(&engine->lock);
}

void engine_undo(void *context) {
  struct engine *engine = context;
  pthread_mutex_lock(&engine->lock);
  if (engine->isolate)
    v8_isolate_cancel_terminate_execution(engine->isolate);
  else if (engine->attached)
    wasmsig_registry_clear(engine->registry, WASMSIG_SIGKILL);
  pthread_mutex_unlock(&engine->lock);
}
