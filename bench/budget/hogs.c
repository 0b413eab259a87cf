/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "hogs.h"

#include "common.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_HOGS 16
#define SETTLE_NS (20 * MS) /* until each runs on a processor */

static pid_t hogs[MOST_HOGS];
static int hog_count;

static _Noreturn void spin_forever(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(EXIT_FAILURE); /* it ended before that */
  setsid();
  for (volatile uint64_t turns = 0;; turns++) {
  }
}

void hogs_start(int count) {
  pid_t parent = getpid();
  while (hog_count < count && hog_count < MOST_HOGS) {
    pid_t hog = fork();
    if (hog < 0) fail_errno("fork");
    if (hog == 0) spin_forever(parent);
    hogs[hog_count++] = hog;
  }
  if (count > 0) sleep_ns(SETTLE_NS);
}

void hogs_stop(void) {
  while (hog_count > 0) {
    pid_t hog = hogs[--hog_count];
    kill(hog, SIGKILL);
    waitpid(hog, NULL, 0);
  }
}
