/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Withdraw: the signal of a budget concerns its running section. When the
 * section ends, the signal is cleared where no guest has taken it, so the next
 * section, of this budget or another, begins with clean words. If none of the
 * guests that received it had taken it, the budget notes that (`unreceived`),
 * and raises the signal again at its next enter.
 *
 * A signal that another running section has raised for the same guest stays.
 * Sections of this thread: both are compared under the thread's lock, under
 * which every raise for its sections is made, so none comes between. Sections
 * of other threads: the clear may remove what they have raised. Each section
 * has noted how often the signal had been cleared in the registry before its
 * raise. The count goes up after the clear (release). Then the sections of
 * other threads are checked, each under its thread's lock: a section that
 * raised before the clear has an older count, and raises again. So no signal of
 * a running section is lost; a guest that had taken it may receive it twice.
 */
#include "budgets/withdraw.h"

#include "budgets/limits.h"
#include "budgets/thread_list.h"
#include "budgets/thread_lock.h"
#include "signals/registry.h"
#include "test_points.h"

static bool names(const struct wsig_budget *budget, wasmsig_instance instance) {
  if (!budget->instances) return true;
  for (size_t i = 0; i < budget->count; i++)
    if (budget->instances[i] == instance) return true;
  return false;
}

/* Whether the section has raised the same signal in the same registry. */
static bool has_raised_too(const struct wsig_budget *section,
                           const struct wsig_budget *budget) {
  return section->signalled && section->signal == budget->signal &&
         section->registry == budget->registry;
}

/* A running section of the thread has raised it for the instance; if that is
 * NULL, for the whole registry. */
static bool is_raised_for(const struct wsig_thread *thread,
                          const struct wsig_budget *budget,
                          const wasmsig_instance *instance) {
  for (struct wsig_budget *b = thread ? thread->innermost : NULL; b;
       b = b->outer)
    if (has_raised_too(b, budget) &&
        (instance ? names(b, *instance) : !b->instances))
      return true;
  return false;
}

struct withdrawal {
  uint64_t cleared; /* instances whose guests had not taken the signal */
  bool kept;        /* it stays for another section */
};

static struct withdrawal clear_named(const struct wsig_thread *thread,
                                     const struct wsig_budget *budget) {
  struct withdrawal done = {0};
  for (size_t i = 0; i < budget->count; i++) {
    const wasmsig_instance *instance = &budget->instances[i];
    if (is_raised_for(thread, budget, instance))
      done.kept = true;
    else
      done.cleared +=
          wsig_instance_withdraw(budget->registry, *instance, budget->signal);
  }
  return done;
}

/* Sections of this thread that had raised it for some instances raise it again.
 */
static struct withdrawal clear_all(const struct wsig_thread *thread,
                                   const struct wsig_budget *budget) {
  struct withdrawal done = {.kept = is_raised_for(thread, budget, NULL)};
  if (done.kept) return done;
  done.cleared = wsig_registry_withdraw(budget->registry, budget->signal);
  if (!done.cleared) return done;
  for (struct wsig_budget *b = thread ? thread->innermost : NULL; b;
       b = b->outer)
    if (has_raised_too(b, budget)) wsig_limits_raise(b);
  return done;
}

bool wsig_section_withdraw(struct wsig_thread *thread,
                           struct wsig_budget *budget) {
  if (!budget->signalled) return false;
  budget->signalled = false;
  struct withdrawal done = budget->instances ? clear_named(thread, budget)
                                             : clear_all(thread, budget);
  bool taken = done.cleared < budget->reached;
  budget->unreceived = done.kept || (done.cleared > 0 && !taken);
  if (!done.cleared) return false;
  wsig_test_point(WSIG_POINT_WITHDRAW_COUNT);
  /* Release: after the clear. A section that raised before the clear has noted
   * an older count. */
  wsig_add_release(&budget->registry->clear_count[budget->signal], 1);
  return true;
}

static bool is_older(const struct wsig_budget *budget) {
  return budget->clear_count !=
         wsig_load_acquire(&budget->registry->clear_count[budget->signal]);
}

void wsig_withdrawn_raise_again(const struct wsig_budget *budget) {
  pthread_mutex_lock(&wsig_threads_lock);
  for (struct wsig_thread *t = wsig_threads; t; t = t->next) {
    if (t == wsig_here) continue;
    wsig_thread_lock(t);
    for (struct wsig_budget *b = t->innermost; b; b = b->outer)
      if (has_raised_too(b, budget) && is_older(b)) wsig_limits_raise(b);
    wsig_thread_unlock(t);
  }
  pthread_mutex_unlock(&wsig_threads_lock);
}

void wsig_budget_withdraw(struct wsig_budget *budget) {
  struct wsig_thread *thread = wsig_here;
  if (!budget->signalled) return;
  if (thread) wsig_thread_lock(thread);
  bool withdrawn = wsig_section_withdraw(thread, budget);
  if (thread) wsig_thread_unlock(thread);
  if (withdrawn) wsig_withdrawn_raise_again(budget);
}
