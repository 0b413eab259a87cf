/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How a running call is stopped.
 *
 * V8 can end what an isolate runs from any thread (v8-isolate.h,
 * Isolate::TerminateExecution), but it would unwind whatever is on the stack.
 * So a kill requests an interrupt first. V8 runs it in the isolate's own thread
 * at the next stack check, and the interrupt decides, after a check of the
 * frames, whether to request the termination (interrupts.c).
 *
 * V8 may postpone the interrupt: until a long function of its own is over, and
 * for ever where its optimised code has no stack check, as in a loop of wasm's
 * tail calls. So when a part of the grace period has passed, SIGKILL goes into
 * the guests' words as well, for guests that poll; and `onUnsafe: 'exit'` acts,
 * in the watchdog's thread, when all of it has passed.
 *
 * Where the host exports nothing of V8, SIGKILL in the guests' words is the
 * only stop (docs/explanation/protocol.md).
 *
 * Why it is correct. Only the isolate's thread requests a termination, for one
 * section (`victim`), and it cancels the termination when that section is left.
 * So a termination cannot reach the code after the section. An inner section
 * that ends meanwhile does not touch it. A late interrupt finds no section
 * whose kill is `requested`: the core has called undo in leave. A kill comes
 * from the watchdog's thread, perhaps while the environment ends: `lock` keeps
 * the isolate alive during the call. V8 takes its own lock inside ours, never
 * the other way round: its callback runs outside of it.
 */
#include "engine.h"

#include "clock.h"
#include "interrupts.h"
#include "unwinding.h"
#include "v8.h"

#include <stdlib.h>

/* CPU time after which SIGKILL goes into the words: a part of the grace period,
 * but longer than V8 pauses to collect garbage or to compile. */
#define GRACE_PARTS 4
#define LEAST_PATIENCE_NS 5000000

bool engine_can_kill(void) {
  return v8_isolate_get_current && v8_isolate_terminate_execution &&
         v8_isolate_cancel_terminate_execution &&
         v8_isolate_request_interrupt && v8_stack_trace_current &&
         v8_stack_trace_get_frame_count && v8_stack_trace_get_frame &&
         v8_stack_frame_get_script_id && v8_stack_frame_get_script_name &&
         v8_stack_frame_get_function_name;
}

struct engine *engine_create(napi_env env) {
  struct engine *engine = calloc(1, sizeof *engine);
  if (!engine) return NULL;
  pthread_mutex_init(&engine->lock, NULL);
  engine->env = env;
  engine->spinner.request = interrupt_request_again;
  if (pthread_getcpuclockid(pthread_self(), &engine->clock) != 0)
    engine->clock = CLOCK_MONOTONIC;
  engine->attached = true;
  if (engine_can_kill()) engine->isolate = v8_isolate_get_current();
  return engine;
}

void engine_detach(struct engine *engine) {
  interrupt_spinner_remove(&engine->spinner);
  if (engine->victim) unwinding_end(engine->isolate);
  pthread_mutex_lock(&engine->lock);
  engine->attached = false;
  engine->isolate = NULL;
  pthread_mutex_unlock(&engine->lock);
}

void engine_free(struct engine *engine) {
  if (engine->is_interrupt_pending) return; /* the isolate has its address */
  pthread_mutex_destroy(&engine->lock);
  free(engine);
}

/* ----------------------------------------------------------- kill and undo */

/* Under the lock: CPU time of the engine's thread since the first kill, or
 * since V8 has last run the interrupt. The thread still exists: its leave waits
 * for the kill's end. */
static uint64_t postponed_ns(struct killing *killing) {
  const struct engine *engine = killing->engine;
  uint64_t now = clock_now_ns(engine->clock);
  if (!killing->requested || killing->interrupts != engine->interrupts)
    killing->since_ns = now;
  if (!killing->requested) killing->first_ns = now;
  killing->requested = true;
  killing->interrupts = engine->interrupts;
  return now - killing->since_ns;
}

/* Under the lock: what else to do when V8 postpones the interrupt. */
static void help(struct engine *engine, struct killing *killing) {
  uint64_t postponed = postponed_ns(killing);
  uint64_t patience = killing->grace_ns / GRACE_PARTS;
  if (patience < LEAST_PATIENCE_NS) patience = LEAST_PATIENCE_NS;
  if (!engine->attached) return;
  if (!engine->isolate || postponed >= patience) killing_raise_sigkill(killing);
  if (engine->isolate && postponed >= patience &&
      postponed >= killing->grace_ns && killing->on_unsafe == ON_UNSAFE_EXIT)
    killing_exit_process(killing, "where V8 does not end the call");
}

void engine_kill(void *context) {
  struct killing *killing = context;
  struct engine *engine = killing->engine;
  pthread_mutex_lock(&engine->lock);
  if (!killing->requested) tracing_killed(killing, engine->traced.thread);
  help(engine, killing);
  engine->is_check_due = true;
  interrupt_request(engine);
  pthread_mutex_unlock(&engine->lock);
}

void engine_undo(void *context) {
  struct killing *killing = context;
  struct engine *engine = killing->engine;
  pthread_mutex_lock(&engine->lock);
  killing->requested = false;
  if (engine->attached) killing_clear_sigkill(killing);
  pthread_mutex_unlock(&engine->lock);
}

void engine_terminate_again(struct engine *engine) {
  pthread_mutex_lock(&engine->lock);
  if (engine->isolate) v8_isolate_terminate_execution(engine->isolate);
  pthread_mutex_unlock(&engine->lock);
}

/* --------------------------------------------------------------- sections */

/* Whether a kill of its budget ends at this section: an asynchronous one around
 * it cannot be unwound. */
static bool ends_kill(const struct section *section) {
  for (const struct section *at = section->outer; at; at = at->outer)
    if (at->killing == section->killing && at->killable) return false;
  return true;
}

void engine_enter(struct engine *engine, struct section *section,
                  struct killing *killing, bool killable) {
  bool first = killing->depth++ == 0;
  section->killing = killing;
  section->killable = killable;
  section->outer = engine->innermost;
  section->ends_kill = first || (killable && ends_kill(section));
  if (first) killing->waited = killing->overdue = false;
  engine->innermost = section;
  void *isolate = killable ? engine->isolate : NULL;
  if (isolate && v8_isolate_get_preserved_data && v8_isolate_set_preserved_data)
    section->preserved_data = v8_isolate_get_preserved_data(isolate);
  if (isolate && node_execution_async_id)
    section->async_id = node_execution_async_id(isolate);
}

/* The section whose kill is requested may be the one that was left. */
static void check_whether_to_spin(struct engine *engine) {
  if (!engine->innermost) {
    interrupt_spinner_remove(&engine->spinner);
    return;
  }
  pthread_mutex_lock(&engine->lock);
  engine->is_check_due = true;
  pthread_mutex_unlock(&engine->lock);
}

bool engine_leave(struct engine *engine, struct section *section) {
  section->killing->depth--;
  engine->innermost = section->outer;
  if (engine->spinner.is_added) check_whether_to_spin(engine);
  if (engine->victim != section) return false;
  engine->victim = NULL;
  if (!engine->isolate) return true;
  v8_isolate_cancel_terminate_execution(engine->isolate);
  unwinding_end(engine->isolate);
  return true;
}

bool engine_repair(struct engine *engine, const struct section *section) {
  void *isolate = engine->isolate;
  if (!isolate) return false;
  if (section->preserved_data)
    v8_isolate_set_preserved_data(isolate, section->preserved_data);
  return node_execution_async_id &&
         node_execution_async_id(isolate) != section->async_id;
}
