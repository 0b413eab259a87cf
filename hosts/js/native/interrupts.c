/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Interrupts of V8: each decides, in the isolate's own thread, whether a
 * requested kill can be carried out at this moment.
 *
 * It can if the frames above the section are the user's (stack.c): then the
 * interrupt requests the termination. If functions of the host itself are among
 * them, SIGKILL goes into the guests' words, and interrupts are requested one
 * after the other until one finds the user's function on top
 * (interrupt_spinner.c), or until the grace period is over.
 */
#include "interrupts.h"

#include "clock.h"
#include "stack.h"
#include "unwinding.h"
#include "v8.h"

#include <stddef.h>

/* After an interrupt V8 needs this long to see that no other is requested: it
 * would run that one at the same place. The random part of the pause makes
 * different stack checks fall into it each time. */
#define SETTLE_NS 300
#define LONGEST_PAUSE_NS 512 /* a power of two */

/* --------------------------------------------------------------- the victim */

static bool is_kill_requested(struct engine *engine,
                              const struct section *section) {
  pthread_mutex_lock(&engine->lock);
  bool requested = engine->attached && section->killing->requested;
  pthread_mutex_unlock(&engine->lock);
  return requested && section->ends_kill;
}

/* Under the lock. The grace period begins at the hard limit; without one, at
 * the first kill. */
static bool is_grace_over(const struct engine *engine,
                          const struct killing *killing) {
  if (wasmsig_budget_get_limit(killing->budget) == WASMSIG_LIMIT_HARD)
    return wasmsig_budget_used_ns(killing->budget) >=
           killing->options->hard_ns + killing->grace_ns;
  return clock_now_ns(engine->clock) - killing->first_ns >= killing->grace_ns;
}

/* The section cannot be unwound safely now. Answers whether to unwind it all
 * the same. */
static bool is_killed_unsafely(struct engine *engine, struct section *section) {
  struct killing *killing = section->killing;
  pthread_mutex_lock(&engine->lock);
  if (engine->attached && killing->requested) killing_raise_sigkill(killing);
  bool over = killing->requested && is_grace_over(engine, killing);
  pthread_mutex_unlock(&engine->lock);
  if (!killing->waited) engine->waited++;
  killing->waited = true;
  if (!over) return false;
  if (!killing->overdue) engine->overdue++;
  killing->overdue = true;
  if (killing->on_unsafe == ON_UNSAFE_EXIT)
    killing_exit_process(killing, "inside a function of the host");
  return killing->on_unsafe == ON_UNSAFE_KILL && section->killable;
}

/* Whether the frame that was found is this section's: a function that is about
 * to begin a section, or has just ended one, looks the same. */
static bool is_frame_of(struct stack rest, const struct section *section) {
  int outside = 0;
  for (const struct section *at = section->outer; at; at = at->outer)
    outside += at->killable;
  return stack_sections_left(rest) == outside;
}

/* The outermost section that a kill was requested for and that can be unwound.
 * `again`: one of them may be at another moment. */
static struct section *find_victim(struct engine *engine, bool *again) {
  struct section *victim = NULL;
  struct stack stack;
  bool users = true;
  stack_read(&stack, engine);
  for (struct section *at = engine->innermost; at; at = at->outer) {
    users = users && at->killable && stack_is_users_to_next_section(&stack);
    if (!is_kill_requested(engine, at)) continue;
    users = users && is_frame_of(stack, at);
    if (users || is_killed_unsafely(engine, at)) victim = at;
    *again |= at->killable;
  }
  return victim;
}

static void check_sections(struct engine *engine, void *isolate) {
  bool again = false;
  struct section *victim = find_victim(engine, &again);
  if (again && !victim)
    interrupt_spinner_add(&engine->spinner);
  else
    interrupt_spinner_remove(&engine->spinner);
  if (!victim) return;
  unwinding_begin(engine->env, isolate);
  engine->victim = victim;
  v8_isolate_terminate_execution(isolate);
}

/* ------------------------------------------------------------ the interrupt */

/* Whether to check the whole stack. Interrupts that the spinner has requested
 * do not, as long as a function of the host is on top. */
static bool must_check(struct engine *engine, void *isolate) {
  pthread_mutex_lock(&engine->lock);
  bool attached = engine->attached, due = engine->is_check_due;
  engine->is_check_due = false;
  pthread_mutex_unlock(&engine->lock);
  if (!attached || due || !engine->spinner.is_added) return attached;
  return !stack_is_hosts_on_top(engine, isolate);
}

static void interrupt(void *isolate, void *data) {
  struct engine *engine = data;
  if (must_check(engine, isolate)) check_sections(engine, isolate);
  if (engine->spinner.is_added) interrupt_spinner_wake();
  pthread_mutex_lock(&engine->lock);
  engine->is_interrupt_pending = false;
  engine->interrupts++;
  engine->random = engine->random * 1664525 + 1013904223;
  engine->next_interrupt_ns = monotonic_now_ns() + SETTLE_NS +
                              (engine->random >> 16) % LONGEST_PAUSE_NS;
  pthread_mutex_unlock(&engine->lock);
  if (engine->spinner.is_added) interrupt_spinner_notify();
}

void interrupt_request(struct engine *engine) {
  if (!engine->isolate || engine->is_interrupt_pending) return;
  engine->is_interrupt_pending = true;
  v8_isolate_request_interrupt(engine->isolate, interrupt, engine);
}

static struct engine *engine_of(struct spinner_client *client) {
  return (struct engine *)(void *)((char *)client -
                                   offsetof(struct engine, spinner));
}

uint64_t interrupt_request_again(struct spinner_client *client,
                                 uint64_t now_ns) {
  struct engine *engine = engine_of(client);
  pthread_mutex_lock(&engine->lock);
  bool later =
      !engine->is_interrupt_pending && now_ns < engine->next_interrupt_ns;
  uint64_t at_ns = later ? engine->next_interrupt_ns : UINT64_MAX;
  if (!later) interrupt_request(engine);
  pthread_mutex_unlock(&engine->lock);
  return at_ns;
}
