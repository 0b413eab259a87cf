/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Blocked signals, and the signals that are pending because of that. */
#include "internal.h"

/* A program may define these itself. */
#pragma weak sighold
#pragma weak sigrelse

/* Returns an error number. With an invalid `how` it changes nothing. */
static int change_mask(int how, uint64_t bits) {
  switch (how) {
    case SIG_BLOCK: bits |= wsig.blocked; break;
    case SIG_UNBLOCK: bits = wsig.blocked & ~bits; break;
    case SIG_SETMASK: break;
    default: return EINVAL;
  }
  wsig.blocked = bits & ~WSIG_UNTOUCHABLE;
  return 0;
}

int pthread_sigmask(int how, const sigset_t *restrict set,
                    sigset_t *restrict before) {
  int error = 0;
  wsig_enter();
  uint64_t blocked = wsig.blocked;
  if (set) error = change_mask(how, set->__bits);
  if (before && !error) before->__bits = blocked;
  wsig_run();
  wsig_leave();
  return error;
}

int sigprocmask(int how, const sigset_t *restrict set,
                sigset_t *restrict before) {
  return wsig_result(pthread_sigmask(how, set, before));
}

int sigpending(sigset_t *set) {
  wsig_enter();
  set->__bits = wsig.pending & wsig.blocked;
  wsig_run();
  wsig_leave();
  return 0;
}

static int change_one(int how, int signal) {
  sigset_t set;
  sigemptyset(&set);
  if (sigaddset(&set, signal) != 0) return -1;
  return sigprocmask(how, &set, NULL);
}

int sighold(int signal) { return change_one(SIG_BLOCK, signal); }
int sigrelse(int signal) { return change_one(SIG_UNBLOCK, signal); }
