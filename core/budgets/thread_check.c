/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The check of a thread's sections by the holder of its lock. All code here may
 * run in a signal handler.
 *
 * A limit that is less than 3 us away is awaited by reading the clock again.
 * Else the timer is armed for what is left.
 *
 * A section that sleeps is left to the watchdog: each signal would interrupt
 * the system call that it sleeps in, and the handler's time would be charged to
 * it. The thread runs now, in its handler; only another thread can see whether
 * it continues its sleep. So the watchdog is woken. It checks at once, then at
 * least as often as the limit may be reached (watchdog_check.c, pause_of), and
 * sets the timer again when the thread runs. The watchdog may itself be kept
 * from running, or have hundreds of sleepers to check. Then the timer on the
 * thread's CPU clock comes first: within a tick of the system's clock after the
 * limit.
 */
#include "budgets/thread_check.h"

#include "budgets/kill_queue.h"
#include "budgets/limits.h"
#include "budgets/thread_lock.h"
#include "budgets/timer_arm.h"

struct wsig_progress wsig_thread_progress(struct wsig_thread *thread,
                                          uint64_t now_ns, uint64_t cpu_ns) {
  struct wsig_progress progress = {now_ns - thread->seen_ns,
                                   cpu_ns - thread->seen_cpu_ns};
  if (progress.used_ns > 0) thread->ran_ns = now_ns;
  thread->seen_ns = now_ns;
  thread->seen_cpu_ns = cpu_ns;
  return progress;
}

/* With less than this left, a timer would come later than a few readings. */
#define SHORT_NS UINT64_C(3000)
#define MOST_READINGS 16

/* Checks the limits, again and again while one of them is less than 3 us away.
 */
static bool check_closely(struct wsig_thread *thread, struct wsig_check *check,
                          uint64_t *cpu_ns) {
  for (int reading = 0; reading < MOST_READINGS; reading++) {
    if (!wsig_clock->cpu_ns(thread->clock_id, cpu_ns)) return false;
    struct wsig_check now = wsig_limits_check(thread, *cpu_ns);
    check->left_ns = now.left_ns;
    check->kill_due |= now.kill_due;
    if (thread != wsig_here || check->left_ns > SHORT_NS) break;
  }
  return true;
}

/* In the thread itself: whether it went to sleep, and did little else, since
 * the last check. Little use alone is not enough: a busy machine also keeps a
 * thread from running. */
static bool went_to_sleep(struct wsig_thread *thread, uint64_t now_ns,
                          uint64_t cpu_ns) {
  struct wsig_progress last = wsig_thread_progress(thread, now_ns, cpu_ns);
  if (thread != wsig_here || !wsig_clock->sleeps) return false;
  uint64_t before = thread->sleeps;
  thread->sleeps = wsig_clock->sleeps();
  return before != WSIG_SLEEPS_UNKNOWN && thread->sleeps != before &&
         last.used_ns < last.passed_ns / 2;
}

void wsig_thread_check(struct wsig_thread *thread, uint32_t why) {
  struct wsig_check check = {.left_ns = WSIG_NEVER};
  uint64_t cpu_ns;
  if (why & WSIG_CHECK_FIRED) {
    thread->timer_at = WSIG_NEVER;
    thread->timer_blocked = thread->signal_masked = false;
  }
  if (!thread->innermost || !check_closely(thread, &check, &cpu_ns)) return;
  uint64_t now = wsig_clock->monotonic_ns();
  thread->asleep = went_to_sleep(thread, now, cpu_ns);
  if (check.left_ns != WSIG_NEVER && !thread->asleep &&
      wsig_timer_is_usable(thread))
    wsig_timer_arm(thread, now + check.left_ns);
  if (thread->asleep && check.left_ns != WSIG_NEVER)
    wsig_timer_arm_cpu(thread, cpu_ns + check.left_ns);
  if (check.kill_due || thread->asleep) wsig_kill_queue_add(thread);
}
