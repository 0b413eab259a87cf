/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "kernel_timer.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static word *target; /* a handler takes no context */

static void on_timer(int number) { word_store(target, (uint32_t)number); }

timer_t kernel_timer_create(word *to) {
  target = to;
  struct sigaction action = {0};
  action.sa_handler = on_timer;
  check_errno(sigaction(SIGXCPU, &action, NULL), "sigaction");

  struct sigevent event = {0};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGXCPU;
#ifdef sigev_notify_thread_id
  event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
#else /* glibc has no public name for it */
  event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
#endif

  timer_t timer;
  check_errno(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer),
              "timer_create");
  return timer;
}

void kernel_timer_arm(timer_t timer, int64_t budget_ns) {
  struct itimerspec budget = {{0, 0}, {0, budget_ns}};
  check_errno(timer_settime(timer, 0, &budget, NULL), "timer_settime");
}
