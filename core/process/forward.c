/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Forwarding: the process's own signals go to its guests too.
 *
 * The handler itself is in handler.c. It reads `insist` and `before`, which are
 * stored before it is installed and not changed while it is. A delivery in
 * another thread that still runs when forward_stop returns finds them as they
 * were: stop leaves them in place.
 */
#include "process/forward.h"

#include "atomics.h"
#include "os/os.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A child must not find it locked by a thread that it does not have. */
static void lock_for_fork(void) { pthread_mutex_lock(&lock); }
static void unlock_after_fork(void) { pthread_mutex_unlock(&lock); }
static void set_up(void) {
  wsig_os_stay_loaded();
  pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
}

/* Signals that nobody can handle, that a fault raises in the thread that must
 * not go on, or whose default is to stop the process. */
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

/* What the process asked for with the action before stays: whether system
 * calls are interrupted (without a handler none ever was), and what becomes of
 * its children. */
static int flags_after(const struct sigaction *before, int signal) {
  int kept = before->sa_flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);
  if (!wsig_has_handler(before) || before->sa_flags & SA_RESTART)
    kept |= SA_RESTART;
  /* Children of who ignores SIGCHLD leave no zombies. */
  if (signal == SIGCHLD && before->sa_handler == SIG_IGN) kept |= SA_NOCLDWAIT;
  /* A handler that did not ask for the other stack may not fit on it. */
  if (!wsig_has_handler(before) || before->sa_flags & SA_ONSTACK)
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

/* Whether ours stands there without effect: it was stopped under somebody's
 * handler, which has given it back since. */
static bool stands_idle(const struct wsig_forward *forward, int signal) {
  struct sigaction now;
  return forward->installed && !forward->active &&
         sigaction(signal, NULL, &now) == 0 && is_ours(&now);
}

/* Whether ours may be installed. Not where it stands already, or where
 * somebody's handler stands over it: that may call ours, and ours would call
 * it. A handler that was there before ours does not; and where there is none,
 * ours has gone. */
static bool may_install(const struct wsig_forward *forward, int signal) {
  struct sigaction now;
  if (sigaction(signal, NULL, &now) != 0) return false;
  if (!forward->installed || !wsig_has_handler(&now)) return true;
  return same_handler(&now, &forward->before);
}

static int install_handler(struct wsig_forward *forward, int signal) {
  struct sigaction ours = {.sa_sigaction = wsig_forward_handler};
  struct sigaction *before = &forward->before;
  sigfillset(&ours.sa_mask);
  /* Read first, in a call of its own: the handler may run before the call
   * that installs it has returned. */
  if (sigaction(signal, NULL, before) != 0) return WASMSIG_EFORWARD;
  /* With no handler the kernel does not look at these flags; ours does. */
  if (!wsig_has_handler(before))
    before->sa_flags &= ~(SA_SIGINFO | (int)SA_RESETHAND);
  ours.sa_flags = flags_after(before, signal);
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
  bool stands = stands_idle(forward, signal);
  if (stands || may_install(forward, signal)) {
    forward->insist = insist;
    wsig_store_relaxed(&forward->deliveries, 0);
    wsig_store_relaxed(&forward->reached, 0);
    wsig_store_relaxed(&forward->unanswered, 0);
    wsig_store_relaxed(&forward->asked_ns, 0);
    wsig_store_relaxed(&forward->due, false);
    /* Before: the first signal may come at once. */
    wsig_store_relaxed(&forward->active, true);
    error = stands ? WASMSIG_OK : install_handler(forward, signal);
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
    if (ours) sigaction(signal, &forward->before, NULL);
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
  /* Acquire: whom this delivery reached, or a later one. */
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

int wasmsig_forward_is_due(int signal) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  struct wsig_forward *forward = &wsig_forwards[signal];
  if (!wsig_load_relaxed(&forward->active)) return WASMSIG_EFORWARD;
  return wsig_load_relaxed(&forward->due);
}
