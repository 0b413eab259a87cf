/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sets of signals. */
#include "internal.h"

static bool is_signal(int signal) {
  if (signal >= 1 && signal <= WSIG_LAST) return true;
  errno = EINVAL;
  return false;
}

int sigemptyset(sigset_t *set) {
  set->__bits = 0;
  return 0;
}

int sigfillset(sigset_t *set) {
  set->__bits = UINT64_MAX;
  return 0;
}

int sigaddset(sigset_t *set, int signal) {
  if (!is_signal(signal)) return -1;
  set->__bits |= WSIG_BIT(signal);
  return 0;
}

int sigdelset(sigset_t *set, int signal) {
  if (!is_signal(signal)) return -1;
  set->__bits &= ~WSIG_BIT(signal);
  return 0;
}

int sigismember(const sigset_t *set, int signal) {
  if (!is_signal(signal)) return -1;
  return (set->__bits & WSIG_BIT(signal)) != 0;
}

int sigisemptyset(const sigset_t *set) { return set->__bits == 0; }

int sigorset(sigset_t *set, const sigset_t *one, const sigset_t *other) {
  set->__bits = one->__bits | other->__bits;
  return 0;
}

int sigandset(sigset_t *set, const sigset_t *one, const sigset_t *other) {
  set->__bits = one->__bits & other->__bits;
  return 0;
}
