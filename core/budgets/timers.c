/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Timers: whether they check the limits or the watchdog alone does, and their
 * signal.
 *
 * Each thread that enters sections has a timer of its own. Its signal carries
 * the address of wsig_timer_tag, and nothing of the thread: a signal that comes
 * after the timer or the thread's record was deleted does no harm. The handler
 * (timer_handler.c) stays installed forever; it passes on every signal that is
 * not our timers'.
 *
 * No other code receives our signal. Code that takes signals by sigwaitinfo(2)
 * or signalfd(2) blocks them. So a signal that the choosing thread blocks is
 * not chosen, and no thread that blocks it sets its timer (enter_leave.c). The
 * child of a fork may be about to reset all handlers and to exec: it has no
 * timer until it enters a section.
 */
#include "budgets/timers.h"

#include "budgets/kill_queue.h"
#include "budgets/thread_list.h"
#include "budgets/thread_lock.h"
#include "budgets/watchdog.h"
#include "os/signal_action.h"

#include <signal.h>

/* Under wsig_threads_lock. */
static wasmsig_firing firing = WASMSIG_FIRING_DEFAULT;
static int requested_signal; /* 0: any */
static int found_signal;     /* chosen for "any"; 0: none yet */
static int timer_signal;     /* in use; 0: none yet */
static bool installed[WASMSIG_SIGNAL_MAX + 1]; /* ours was, at some time */

static bool has_timers(void) { return wsig_clock->timer_make != NULL; }

/* ------------------------------------------------------------- the signal */

/* Not over a handler that was installed over ours: it may call ours, and ours
 * would call it. If it does not call ours, the watchdog notices. The previous
 * action is stored first: the handler may run at once. */
static bool install(int signal) {
  struct sigaction now, ours = {0};
  wsig_os_stay_loaded();
  if (sigaction(signal, NULL, &now) != 0) return false;
  if (wsig_is_timer_action(&now) ||
      (installed[signal] && wsig_os_has_handler(&now)))
    return true;
  ours.sa_sigaction = wsig_timer_handler;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  /* A handler that wants system calls interrupted keeps that. */
  if (!wsig_os_has_handler(&now) || now.sa_flags & SA_RESTART)
    ours.sa_flags |= SA_RESTART;
  if (!wsig_os_has_handler(&now))
    now.sa_flags &= ~(SA_SIGINFO | (int)SA_RESETHAND);
  wsig_timer_previous[signal] = now;
  /* No other handler may interrupt it: it would find the lock taken by the code
   * that it interrupts (thread_lock.c). */
  sigfillset(&ours.sa_mask);
  installed[signal] = sigaction(signal, &ours, NULL) == 0;
  return installed[signal];
}

/* The highest one that has no handler, that the thread does not block, and for
 * which a handler can be installed: an emulator or a debugger may reserve some
 * for itself. 0: there is none. */
static int find_signal(void) {
  int signal = wsig_os_free_signal(WASMSIG_SIGNAL_MAX + 1);
  while (signal && (wsig_os_blocks(signal) || !install(signal)))
    signal = wsig_os_free_signal(signal);
  return signal;
}

/* The requested signal, or one for "any" (0); 0 if there is none. */
static int choose_signal(int requested) {
  if (!has_timers()) return 0;
  if (!requested && !found_signal) found_signal = find_signal();
  int signal = requested ? requested : found_signal;
  return signal && install(signal) ? signal : 0;
}

/* ---------------------------------------------------------------- threads */

static void give_timer(struct wsig_thread *thread) {
  thread->timer_at = WSIG_NEVER;
  thread->timer_blocked = thread->signal_masked = false;
  wsig_store_relaxed(&thread->timer_due, 0);
  if (firing == WASMSIG_FIRING_WATCHDOG) return;
  if (!timer_signal) timer_signal = choose_signal(requested_signal);
  if (!timer_signal) return;
  wsig_clock->timer_make(&thread->timer, thread->tid, timer_signal,
                         &wsig_timer_tag);
}

void wsig_timers_begin(struct wsig_thread *thread) { give_timer(thread); }

void wsig_timers_begin_late(struct wsig_thread *thread) {
  pthread_mutex_lock(&wsig_threads_lock);
  wsig_thread_lock(thread);
  if (wsig_load_relaxed(&thread->timer_due)) give_timer(thread);
  wsig_thread_unlock(thread);
  pthread_mutex_unlock(&wsig_threads_lock);
}

void wsig_timers_end(struct wsig_thread *thread) {
  if (thread->timer.made) wsig_clock->timer_drop(&thread->timer);
}

/* ---------------------------------------------------------------- options */

static int check(const wasmsig_firing_options *options) {
  if (!options || options->size < sizeof *options) return WASMSIG_EINVAL;
  if (options->firing < WASMSIG_FIRING_DEFAULT ||
      options->firing > WASMSIG_FIRING_WATCHDOG)
    return WASMSIG_EINVAL;
  if (options->realtime_priority < 0 || options->realtime_priority > 99)
    return WASMSIG_EINVAL;
  if (options->timer_signal < 0 || options->timer_signal > WASMSIG_SIGNAL_MAX)
    return WASMSIG_EINVAL;
  if (options->timer_signal && !wsig_os_may_be_timers(options->timer_signal))
    return WASMSIG_EFIRING;
  return WASMSIG_OK;
}

/* Under all threads' locks. */
static int set_firing(const wasmsig_firing_options *options) {
  int signal = 0;
  for (struct wsig_thread *t = wsig_threads; t; t = t->next)
    if (t->innermost) return WASMSIG_EBUSY;
  if (options->firing != WASMSIG_FIRING_WATCHDOG)
    signal = choose_signal(options->timer_signal);
  if (!signal && options->firing == WASMSIG_FIRING_TIMER)
    return WASMSIG_EFIRING;
  firing = options->firing;
  requested_signal = options->timer_signal;
  timer_signal = signal;
  wsig_store_relaxed(&wsig_watchdog_priority, options->realtime_priority);
  wsig_watchdog_wake();
  for (struct wsig_thread *t = wsig_threads; t; t = t->next) {
    wsig_timers_end(t);
    give_timer(t);
  }
  return WASMSIG_OK;
}

int wasmsig_set_firing(const wasmsig_firing_options *options) {
  int error = check(options);
  if (error) return error;
  struct wsig_thread *thread = wsig_here;
  if (thread && !wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  pthread_mutex_lock(&wsig_threads_lock);
  wsig_threads_lock_each();
  error = set_firing(options);
  wsig_threads_unlock_each();
  pthread_mutex_unlock(&wsig_threads_lock);
  if (thread) wsig_thread_end_call(thread);
  return error;
}

/* Whether the thread has a timer; if it has entered no section yet, whether it
 * would have one. */
static bool is_timed(const struct wsig_thread *thread) {
  if (thread && !wsig_load_relaxed(&thread->timer_due))
    return thread->timer.made && !thread->timer_blocked &&
           !wsig_os_blocks(thread->timer.signal);
  if (firing == WASMSIG_FIRING_WATCHDOG) return false;
  if (!timer_signal) timer_signal = choose_signal(requested_signal);
  return timer_signal && !wsig_os_blocks(timer_signal);
}

int wasmsig_get_firing(wasmsig_firing_options *options) {
  if (!options || options->size < sizeof *options) return WASMSIG_EINVAL;
  struct wsig_thread *thread = wsig_here;
  if (thread && !wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;
  pthread_mutex_lock(&wsig_threads_lock);
  bool timed = is_timed(thread);
  options->firing = timed ? WASMSIG_FIRING_TIMER : WASMSIG_FIRING_WATCHDOG;
  options->timer_signal = timed ? timer_signal : 0;
  options->realtime_priority = wsig_load_relaxed(&wsig_watchdog_granted);
  pthread_mutex_unlock(&wsig_threads_lock);
  if (thread) wsig_thread_end_call(thread);
  return WASMSIG_OK;
}
