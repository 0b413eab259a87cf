/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signals that a program sends itself: there is nobody else. */
#include "internal.h"

#include <stddef.h>
#include <unistd.h>

/* A program may have its own. */
#pragma weak kill
#pragma weak killpg
#pragma weak sigqueue
#pragma weak pthread_kill

static int deliver_to_us(int signal, int code, union sigval value) {
  if (signal < 0 || signal > WSIG_LAST) return EINVAL;
  if (signal == 0) return 0; /* whether it could be sent */
  wsig_enter();
  wsig_send(signal, code, value);
  wsig_run();
  wsig_leave();
  return 0;
}

static const union sigval nothing = {.sival_ptr = NULL};

int raise(int signal) {
  return wsig_answer(deliver_to_us(signal, SI_TKILL, nothing));
}

/* Itself, its group, all that it may send to. */
static bool is_us(pid_t process) {
  pid_t us = getpid();
  return process == us || process == 0 || process == -1 || process == -us;
}

int kill(pid_t process, int signal) {
  if (signal < 0 || signal > WSIG_LAST) return wsig_answer(EINVAL);
  return wsig_answer(is_us(process) ? deliver_to_us(signal, SI_USER, nothing)
                                    : ESRCH);
}

int killpg(pid_t group, int signal) {
  if (group < 0) return wsig_answer(EINVAL);
  return kill(-group, signal);
}

int sigqueue(pid_t process, int signal, union sigval value) {
  if (signal < 0 || signal > WSIG_LAST) return wsig_answer(EINVAL);
  return wsig_answer(
      process == getpid() ? deliver_to_us(signal, SI_QUEUE, value) : ESRCH);
}

/* Of the one thread, whatever it is called. */
int pthread_kill(pthread_t thread, int signal) {
  (void)thread;
  return deliver_to_us(signal, SI_TKILL, nothing);
}
