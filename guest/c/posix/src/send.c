/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signals that a program sends to itself: it knows no other process. */
#include "internal.h"

#include <stddef.h>
#include <unistd.h>

/* A program may define these itself. */
#pragma weak kill
#pragma weak killpg
#pragma weak sigqueue
#pragma weak pthread_kill

static int deliver_to_us(int signal, int code, union sigval value) {
  if (signal < 0 || signal > WSIG_LAST) return EINVAL;
  if (signal == 0) return 0; /* only checks whether it could be sent */
  wsig_enter();
  wsig_send(signal, code, value);
  wsig_run();
  wsig_leave();
  return 0;
}

static const union sigval nothing = {.sival_ptr = NULL};

int raise(int signal) {
  return wsig_result(deliver_to_us(signal, SI_TKILL, nothing));
}

/* The program itself, its process group, or every process it may signal. */
static bool is_us(pid_t process) {
  pid_t us = getpid();
  return process == us || process == 0 || process == -1 || process == -us;
}

int kill(pid_t process, int signal) {
  if (signal < 0 || signal > WSIG_LAST) return wsig_result(EINVAL);
  return wsig_result(is_us(process) ? deliver_to_us(signal, SI_USER, nothing)
                                    : ESRCH);
}

int killpg(pid_t group, int signal) {
  if (group < 0) return wsig_result(EINVAL);
  return kill(-group, signal);
}

int sigqueue(pid_t process, int signal, union sigval value) {
  if (signal < 0 || signal > WSIG_LAST) return wsig_result(EINVAL);
  return wsig_result(
      process == getpid() ? deliver_to_us(signal, SI_QUEUE, value) : ESRCH);
}

/* There is only one thread, whatever its number is. */
int pthread_kill(pthread_t thread, int signal) {
  (void)thread;
  return deliver_to_us(signal, SI_TKILL, nothing);
}
