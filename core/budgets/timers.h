/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The threads' timers and their signal. */
#ifndef WSIG_TIMERS_H
#define WSIG_TIMERS_H

#include "budgets/thread.h"

#include <signal.h>

/* Under wsig_threads_lock: gives a new thread its timer, if timers are used. */
void wsig_timers_begin(struct wsig_thread *thread);
/* The same for the calling thread if it is `timer_due`; takes the lock. */
void wsig_timers_begin_late(struct wsig_thread *thread);
/* Under wsig_threads_lock: deletes it. */
void wsig_timers_end(struct wsig_thread *thread);

/* ---------------------------------------------------- timer_handler.c */

/* The handler of the timers' signal. */
void wsig_timer_handler(int signal, siginfo_t *info, void *ucontext);

/* The actions that the handler replaced: it calls them for signals that are not
 * our timers'. Stored before the handler is installed. */
extern struct sigaction wsig_timer_previous[WASMSIG_SIGNAL_MAX + 1];

/* Our timers' signals carry its address. */
extern char wsig_timer_tag;

static inline bool wsig_is_of_our_timers(const siginfo_t *info) {
  return info->si_code == SI_TIMER &&
         info->si_value.sival_ptr == &wsig_timer_tag;
}
static inline bool wsig_is_timer_action(const struct sigaction *action) {
  return action->sa_flags & SA_SIGINFO &&
         action->sa_sigaction == wsig_timer_handler;
}

#endif
