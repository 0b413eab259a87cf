/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A budget is killed by a call, from any thread.
 *
 * Why no kill is lost: the caller sets `kill_asked` and then loads the budget's
 * thread; an enter stores its thread and then loads `kill_asked` (all seq_cst,
 * enter_leave.c). So either the enter finds the request and refuses, or the
 * caller finds the thread. It then checks the thread's sections under the
 * thread's lock, as the watchdog does (watchdog_check.c): if the section is on
 * the list, its kill becomes due; if not yet, the enter takes the lock later
 * and finds the request (wsig_limits_left); if not any more, the leave has
 * found it, or was earlier than this call. If the lock is taken, its holder or
 * the watchdog checks.
 *
 * The thread's record exists meanwhile: a thread releases its budgets before
 * its record is taken out of the list, and that is done under
 * wsig_threads_lock.
 */
#include "budgets/budget.h"

#include "budgets/thread.h"
#include "budgets/thread_list.h"
#include "budgets/watchdog.h"

static int kill_section(struct wsig_budget *b) {
  int error = WASMSIG_OK;
  /* seq_cst: before the thread is loaded; see the top. */
  wsig_store_seq_cst(&b->kill_asked, 1);
  pthread_mutex_lock(&wsig_threads_lock);
  struct wsig_thread *holder = wsig_load_seq_cst(&b->thread);
  if (holder) error = wsig_watchdog_check_now(holder);
  pthread_mutex_unlock(&wsig_threads_lock);
  return error;
}

int wasmsig_budget_kill(wasmsig_budget *budget) {
  if (!budget) return WASMSIG_EINVAL;
  struct wsig_budget *b = wsig_budget_of(budget);
  if (!b->kill) return WASMSIG_ENOKILL;
  struct wsig_thread *thread = wsig_here;
  if (thread && !wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  int error = kill_section(b);
  if (thread) wsig_thread_end_call(thread);
  return error;
}
