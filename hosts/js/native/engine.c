/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How a running call is stopped.
 *
 * V8 can end what an isolate runs from any thread (v8-isolate.h,
 * Isolate::TerminateExecution), but it would unwind whatever is there. So a
 * kill first asks for an interrupt: V8 calls it in the isolate's own thread at
 * the next check of the stack, and only there, seeing who is on the stack
 * (stack.c), the termination is asked for. If the host's own functions are
 * there, the guest is asked to end by SIGKILL in its words, and interrupts are
 * asked for, one after the other, until one finds the user's function
 * (interrupt_spinner.c).
 *
 * V8 may postpone the interrupt: until a long function of its own is over, and
 * for ever where its optimised code has no check of the stack, as in a loop of
 * wasm's tail calls. So SIGKILL is put into the words as well when a part of
 * the grace has passed, for guests that poll; and `onUnsafe: 'exit'` acts, in
 * the watchdog's thread, when all of it has.
 *
 * Where the host exports nothing of V8, the stop is SIGKILL in the guests'
 * words alone (docs/protocol.md).
 *
 * Why it is correct. A termination is asked for by the isolate's thread alone,
 * for one section (`victim`), and is taken back when that section is left, in
 * the same thread: so it cannot land on what comes after. An inner section that
 * ends meanwhile leaves it alone. An interrupt that comes late finds no section
 * that is `wanted`: the core has called undo in leave. A kill comes from the
 * watchdog's thread, at a time when the environment may be ending: `lock` keeps
 * the isolate alive during the call. V8 takes its own lock inside ours, never
 * the other way round: its callback runs outside of it.
 */
#include "engine.h"
#include "v8.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* After an interrupt, until V8 has seen that no other is asked for: it would
 * run that at the same place. Then a little at random, so that the checks which
 * fall into the pause are not the same ones each time. */
#define SETTLE_NS 300
#define LONGEST_PAUSE_NS 512 /* a power of two */

/* CPU time after which the words are to help: a part of the grace, but so much
 * that a mere pause of V8's, to collect garbage or compile, is not meant. */
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
  if (pthread_getcpuclockid(pthread_self(), &engine->clock) != 0)
    engine->clock = CLOCK_MONOTONIC;
  engine->attached = true;
  if (engine_can_kill()) engine->isolate = v8_isolate_get_current();
  return engine;
}

void engine_detach(struct engine *engine) {
  retry_end(engine);
  if (engine->victim) landing_end(engine->isolate);
  pthread_mutex_lock(&engine->lock);
  engine->attached = false;
  engine->isolate = NULL;
  pthread_mutex_unlock(&engine->lock);
}

void engine_free(struct engine *engine) {
  if (engine->interrupted) return; /* the isolate still holds its address */
  pthread_mutex_destroy(&engine->lock);
  free(engine);
}

/* ------------------------------------------------------------------ words */

/* Under the lock: SIGKILL in the words of all whom the budget concerns. */
static void ask(struct killing *killing) {
  const wasmsig_budget_options *options = killing->options;
  killing->asked = true;
  if (!options->instances)
    wasmsig_registry_raise(options->registry, WASMSIG_SIGKILL);
  for (size_t i = 0; options->instances && i < options->count; i++)
    wasmsig_instance_raise(options->registry, options->instances[i],
                           WASMSIG_SIGKILL);
}

/* Under the lock. */
static void take_back(struct killing *killing) {
  const wasmsig_budget_options *options = killing->options;
  if (!killing->asked) return;
  killing->asked = false;
  if (!options->instances)
    wasmsig_registry_clear(options->registry, WASMSIG_SIGKILL);
  for (size_t i = 0; options->instances && i < options->count; i++)
    wasmsig_instance_clear(options->registry, options->instances[i],
                           WASMSIG_SIGKILL);
}

/* -------------------------------------------------------------- interrupt */

static bool is_wanted(struct engine *engine, const struct running *section) {
  pthread_mutex_lock(&engine->lock);
  bool wanted = engine->attached && section->killing->wanted;
  pthread_mutex_unlock(&engine->lock);
  return wanted && section->ends_kill;
}

static void exit_process(const struct killing *killing, const char *where) {
  (void)!dprintf(
      STDERR_FILENO,
      "wasmsig: the CPU limit of %g ms is over %s; ending the process "
      "(onUnsafe: 'exit')\n",
      (double)killing->options->hard_ns / 1e6, where);
  _exit(128 + WASMSIG_SIGXCPU);
}

/* The section cannot be unwound well now; whether it is to be all the same. */
static bool wait_for_better(struct engine *engine, struct running *section) {
  struct killing *killing = section->killing;
  pthread_mutex_lock(&engine->lock);
  if (engine->attached && killing->wanted) ask(killing);
  pthread_mutex_unlock(&engine->lock);
  if (!killing->waited) engine->waited++;
  killing->waited = true;
  uint64_t used = wasmsig_budget_used_ns(killing->budget);
  if (used < killing->options->hard_ns + killing->grace_ns) return false;
  if (!killing->overdue) engine->overdue++;
  killing->overdue = true;
  if (killing->on_unsafe == ON_UNSAFE_EXIT)
    exit_process(killing, "inside a function of the host");
  return killing->on_unsafe == ON_UNSAFE_KILL && section->killable;
}

/* Whether what was found on the stack is this section: a function that is about
 * to begin one, or has just ended one, looks the same. */
static bool is_in_step(struct stack rest, const struct running *section) {
  int outside = 0;
  for (const struct running *at = section->outer; at; at = at->outer)
    outside += at->killable;
  return stack_sections_left(rest) == outside;
}

/* The outermost section that is to be killed and can be. `soon`: one that
 * may be at another moment. */
static struct running *find_victim(struct engine *engine, bool *soon) {
  struct running *victim = NULL;
  struct stack stack;
  bool users = true;
  stack_look(&stack, engine);
  for (struct running *at = engine->innermost; at; at = at->outer) {
    users = users && at->killable && stack_is_users_to_next_section(&stack);
    if (!is_wanted(engine, at)) continue;
    users = users && is_in_step(stack, at);
    if (users || wait_for_better(engine, at)) victim = at;
    *soon |= at->killable;
  }
  return victim;
}

static void look(struct engine *engine, void *isolate) {
  bool soon = false;
  struct running *victim = find_victim(engine, &soon);
  if (soon && !victim)
    retry_begin(engine);
  else
    retry_end(engine);
  if (!victim) return;
  landing_begin(engine->env, isolate);
  engine->victim = victim;
  v8_isolate_terminate_execution(isolate);
}

static uint64_t clock_now_ns(clockid_t clock) {
  struct timespec now = {0};
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t engine_now_ns(void) { return clock_now_ns(CLOCK_MONOTONIC); }

/* Whether an interrupt is to look at the whole stack: not at each of those that
 * a retry asks for, as long as the host's function is on top. */
static bool is_to_look(struct engine *engine, void *isolate) {
  pthread_mutex_lock(&engine->lock);
  bool attached = engine->attached, due = engine->look_due;
  engine->look_due = false;
  pthread_mutex_unlock(&engine->lock);
  if (!attached || due || !engine->retries) return attached;
  return !stack_is_hosts_on_top(engine, isolate);
}

static void interrupt(void *isolate, void *data) {
  struct engine *engine = data;
  if (is_to_look(engine, isolate)) look(engine, isolate);
  if (engine->retries) retry_be_ready();
  pthread_mutex_lock(&engine->lock);
  engine->interrupted = false;
  engine->looks++;
  engine->pause = engine->pause * 1664525 + 1013904223;
  engine->again_ns =
      engine_now_ns() + SETTLE_NS + (engine->pause >> 16) % LONGEST_PAUSE_NS;
  pthread_mutex_unlock(&engine->lock);
  if (engine->retries) retry_changed();
}

/* Under the lock. */
static void ask_interrupt(struct engine *engine) {
  if (!engine->isolate || engine->interrupted) return;
  engine->interrupted = true;
  v8_isolate_request_interrupt(engine->isolate, interrupt, engine);
}

uint64_t engine_ask_again(struct engine *engine, uint64_t now_ns) {
  pthread_mutex_lock(&engine->lock);
  bool later = !engine->interrupted && now_ns < engine->again_ns;
  uint64_t at_ns = later ? engine->again_ns : UINT64_MAX;
  if (!later) ask_interrupt(engine);
  pthread_mutex_unlock(&engine->lock);
  return at_ns;
}

/* ---------------------------------------------------------- kill and undo */

/* Under the lock: CPU time of the engine's thread since the first kill, or
 * since V8 has last run the interrupt. The thread is there: its leave waits for
 * the kill's end. */
static uint64_t postponed_ns(struct killing *killing) {
  const struct engine *engine = killing->engine;
  uint64_t now = clock_now_ns(engine->clock);
  if (!killing->wanted || killing->looks != engine->looks)
    killing->since_ns = now;
  killing->wanted = true;
  killing->looks = engine->looks;
  return now - killing->since_ns;
}

/* Under the lock: what is to be done about an interrupt that V8 postpones. */
static void help(struct engine *engine, struct killing *killing) {
  uint64_t postponed = postponed_ns(killing);
  uint64_t patience = killing->grace_ns / GRACE_PARTS;
  if (patience < LEAST_PATIENCE_NS) patience = LEAST_PATIENCE_NS;
  if (!engine->attached) return;
  if (!engine->isolate || postponed >= patience) ask(killing);
  if (engine->isolate && postponed >= patience &&
      postponed >= killing->grace_ns && killing->on_unsafe == ON_UNSAFE_EXIT)
    exit_process(killing, "where V8 does not end the call");
}

void engine_kill(void *context) {
  struct killing *killing = context;
  struct engine *engine = killing->engine;
  pthread_mutex_lock(&engine->lock);
  help(engine, killing);
  engine->look_due = true;
  ask_interrupt(engine);
  pthread_mutex_unlock(&engine->lock);
}

void engine_undo(void *context) {
  struct killing *killing = context;
  struct engine *engine = killing->engine;
  pthread_mutex_lock(&engine->lock);
  killing->wanted = false;
  if (engine->attached) take_back(killing);
  pthread_mutex_unlock(&engine->lock);
}

void engine_terminate_again(struct engine *engine) {
  pthread_mutex_lock(&engine->lock);
  if (engine->isolate) v8_isolate_terminate_execution(engine->isolate);
  pthread_mutex_unlock(&engine->lock);
}

/* --------------------------------------------------------------- sections */

/* Whether the section is where a kill of its budget ends: an asynchronous one
 * around it cannot be. */
static bool ends_kill(const struct running *section) {
  for (const struct running *at = section->outer; at; at = at->outer)
    if (at->killing == section->killing && at->killable) return false;
  return true;
}

void engine_enter(struct engine *engine, struct running *section,
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

/* The section that was to be killed may be the one that ends. */
static void retry_less(struct engine *engine) {
  if (!engine->innermost) {
    retry_end(engine);
    return;
  }
  pthread_mutex_lock(&engine->lock);
  engine->look_due = true;
  pthread_mutex_unlock(&engine->lock);
}

bool engine_leave(struct engine *engine, struct running *section) {
  section->killing->depth--;
  engine->innermost = section->outer;
  if (engine->retries) retry_less(engine);
  if (engine->victim != section) return false;
  engine->victim = NULL;
  if (!engine->isolate) return true;
  v8_isolate_cancel_terminate_execution(engine->isolate);
  landing_end(engine->isolate);
  return true;
}

bool engine_mend(struct engine *engine, const struct running *section) {
  void *isolate = engine->isolate;
  if (!isolate) return false;
  if (section->preserved_data)
    v8_isolate_set_preserved_data(isolate, section->preserved_data);
  return node_execution_async_id &&
         node_execution_async_id(isolate) != section->async_id;
}
