/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Forwarding: the process's own signals are also raised for its guests.
 *
 * The handler itself is in handler.c. It reads `insist` and `previous`, which
 * are stored before the handler is installed and do not change while it is. A
 * delivery in another thread may still run when forward_stop returns: it finds
 * them as they were, because stop does not change them.
 */
#include "process/forward.h"

#include "atomics.h"
#include "os/os.h"
#include "os/signal_action.h"
#include "signals/registry.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The child of a fork must not find it locked by a thread of its parent. */
static void lock_for_fork(void) { pthread_mutex_lock(&lock); }
static void unlock_after_fork(void) { pthread_mutex_unlock(&lock); }
static void set_up(void) {
  wsig_os_stay_loaded();
  pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
}

/* Not forwardable: signals that cannot be handled, signals of faults, after
 * which the thread must not continue, and signals that stop the process. */
static bool forwardable(int signal) {
  switch (signal) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
    case SIGABRT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU: return false;
    default: return true;
  }
}

/* What the process requested by the previous action stays: whether system calls
 * are interrupted (without a handler, none is), and how its children end. */
static int flags_after(const struct sigaction *previous, int signal) {
  int kept = previous->sa_flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);
  if (!wsig_os_has_handler(previous) || previous->sa_flags & SA_RESTART)
    kept |= SA_RESTART;
  /* The children of a process that ignores SIGCHLD leave no zombies. */
  if (signal == SIGCHLD && previous->sa_handler == SIG_IGN)
    kept |= SA_NOCLDWAIT;
  /* A handler that did not request the other stack may not fit on it. */
  if (!wsig_os_has_handler(previous) || previous->sa_flags & SA_ONSTACK)
    kept |= SA_ONSTACK;
  return kept | SA_SIGINFO;
}

static bool same_handler(const struct sigaction *a, const struct sigaction *b) {
  return a->sa_handler == b->sa_handler; /* one union with sa_sigaction */
}

static bool is_ours(const struct sigaction *action) {
  return action->sa_flags & SA_SIGINFO &&
         action->sa_sigaction == wsig_forward_handler;
}

/* Whether our handler is installed without effect: it was stopped while another
 * handler was installed over it, and that one has restored ours since. */
static bool is_idle(const struct wsig_forward *forward, int signal) {
  struct sigaction now;
  return forward->installed && !forward->active &&
         sigaction(signal, NULL, &now) == 0 && is_ours(&now);
}

/* Whether ours may be installed: not if it is installed already, and not over a
 * handler that was installed over it, which may call ours, and ours would call
 * it. The handler from before ours does not call ours; and if there is no
 * handler, ours was removed. */
static bool may_install(const struct wsig_forward *forward, int signal) {
  struct sigaction now;
  if (sigaction(signal, NULL, &now) != 0) return false;
  if (!forward->installed || !wsig_os_has_handler(&now)) return true;
  return same_handler(&now, &forward->previous);
}

static int install_handler(struct wsig_forward *forward, int signal) {
  struct sigaction ours = {.sa_sigaction = wsig_forward_handler};
  struct sigaction *previous = &forward->previous;
  sigfillset(&ours.sa_mask);
  /* Read first, by a separate call: the handler may run before the call that
   * installs it has returned. */
  if (sigaction(signal, NULL, previous) != 0) return WASMSIG_EFORWARD;
  /* Without a handler the kernel ignores these flags; our handler reads them.
   */
  if (!wsig_os_has_handler(previous))
    previous->sa_flags &= ~(SA_SIGINFO | (int)SA_RESETHAND);
  ours.sa_flags = flags_after(previous, signal);
  if (sigaction(signal, &ours, NULL) != 0) return WASMSIG_EFORWARD;
  return WASMSIG_OK;
}

int wasmsig_forward_start(int signal, int insist) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  if (insist < 0) return WASMSIG_EINVAL;
  if (!forwardable(signal)) return WASMSIG_EFORWARD;
  struct wsig_forward *forward = &wsig_forwards[signal];
  int error = WASMSIG_EFORWARD;
  pthread_once(&once, set_up);
  pthread_mutex_lock(&lock);
  bool idle = is_idle(forward, signal);
  if (idle || may_install(forward, signal)) {
    forward->insist = insist;
    wsig_store_relaxed(&forward->deliveries, 0);
    wsig_store_relaxed(&forward->reached, 0);
    wsig_store_relaxed(&forward->handled, 0);
    wsig_store_relaxed(&forward->unanswered, 0);
    wsig_store_relaxed(&forward->requested_ns, 0);
    wsig_store_relaxed(&forward->due, false);
    /* Before the handler is installed: the first signal may come at once. */
    wsig_store_relaxed(&forward->active, true);
    error = idle ? WASMSIG_OK : install_handler(forward, signal);
    forward->installed = error == WASMSIG_OK;
    wsig_store_relaxed(&forward->active, forward->installed);
  }
  pthread_mutex_unlock(&lock);
  return error;
}

int wasmsig_forward_stop(int signal) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  struct wsig_forward *forward = &wsig_forwards[signal];
  struct sigaction now;
  int error = WASMSIG_EFORWARD;
  pthread_mutex_lock(&lock);
  if (forward->active) {
    bool ours = sigaction(signal, NULL, &now) == 0 && is_ours(&now);
    if (ours) sigaction(signal, &forward->previous, NULL);
    if (ours) forward->installed = false;
    wsig_store_relaxed(&forward->active, false);
    error = WASMSIG_OK;
  }
  pthread_mutex_unlock(&lock);
  return error;
}

int wasmsig_forward_last(int signal, uint64_t *deliveries, uint64_t *reached) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  struct wsig_forward *forward = &wsig_forwards[signal];
  if (!wsig_load_relaxed(&forward->active)) return WASMSIG_EFORWARD;
  /* Acquire: reads what this delivery reached, or a later one. */
  uint64_t count = wsig_load_acquire(&forward->deliveries);
  if (deliveries) *deliveries = count;
  if (reached) *reached = wsig_load_relaxed(&forward->reached);
  return WASMSIG_OK;
}

int wasmsig_forward_unanswered(int signal, uint64_t *count) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  if (!count) return WASMSIG_EINVAL;
  struct wsig_forward *forward = &wsig_forwards[signal];
  if (!wsig_load_relaxed(&forward->active)) return WASMSIG_EFORWARD;
  *count = wsig_load_relaxed(&forward->unanswered);
  return WASMSIG_OK;
}

int wasmsig_forward_handled(int signal, uint64_t *count) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  if (!count) return WASMSIG_EINVAL;
  struct wsig_forward *forward = &wsig_forwards[signal];
  if (!wsig_load_relaxed(&forward->active)) return WASMSIG_EFORWARD;
  *count = wsig_load_relaxed(&forward->handled);
  return WASMSIG_OK;
}

int wasmsig_forward_waiting(int signal, uint64_t *count) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  if (!count) return WASMSIG_EINVAL;
  if (!wsig_load_relaxed(&wsig_forwards[signal].active))
    return WASMSIG_EFORWARD;
  *count = wsig_process_waiting_for(signal);
  return WASMSIG_OK;
}

int wasmsig_forward_is_due(int signal) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  struct wsig_forward *forward = &wsig_forwards[signal];
  if (!wsig_load_relaxed(&forward->active)) return WASMSIG_EFORWARD;
  return wsig_load_relaxed(&forward->due);
}
