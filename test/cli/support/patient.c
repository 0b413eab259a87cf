/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * For LD_PRELOAD: a wait with a time limit. PATIENCE=none: the limit has passed
 * at once. PATIENCE=all: it never passes.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
  (void)until;
  if (strcmp(getenv("PATIENCE"), "all") == 0) return sem_wait(semaphore);
  errno = ETIMEDOUT;
  return -1;
}
