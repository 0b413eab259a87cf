/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Interval timers. Their signals do not come from outside. While a timer is
 * set, the attention word makes every poll call this library, and every Nth of
 * these calls reads the clock. N adapts so that the clock is read about every
 * 100 us. N also stays small: if the program slows down from one turn of its
 * loop to the next, its timer is late by N slow turns. After a blocking call, N
 * starts anew. Calls that wait end by themselves when a timer expires (calls.c,
 * poll.c).
 *
 * A timer's signal is never early: it is sent only after the clock has been
 * read and shows that the time has come.
 */
#include "duration.h"
#include "internal.h"

#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

/* A program may define these itself. */
#pragma weak alarm
#pragma weak ualarm

struct timer {
  uint64_t deadline_ns; /* 0: not set */
  uint64_t interval_ns; /* 0: it expires once */
};

enum { KINDS = 3 };
static const int signals[KINDS] = {SIGALRM, SIGVTALRM, SIGPROF};

static volatile struct timer timers[KINDS];

/* The time on the clock of this kind of timer. */
static uint64_t now_of(int kind) {
  return kind == ITIMER_REAL ? wsig_now_ns() : wsig_cpu_ns();
}

uint64_t wsig_timers_deadline_ns(void) {
  uint64_t deadline_ns = timers[ITIMER_REAL].deadline_ns;
  return deadline_ns ? deadline_ns : WSIG_NEVER;
}

/* ---------------------------------------------------------------- expiring */

/* The next time in the future. Several missed times are one signal. */
static uint64_t next(uint64_t deadline_ns, uint64_t interval_ns, uint64_t now) {
  if (interval_ns == 0) return 0;
  return deadline_ns + ((now - deadline_ns) / interval_ns + 1) * interval_ns;
}

static void look_at(int kind) {
  uint64_t deadline_ns = timers[kind].deadline_ns;
  if (deadline_ns == 0) return;
  uint64_t now = now_of(kind);
  if (now < deadline_ns) return;
  timers[kind].deadline_ns = next(deadline_ns, timers[kind].interval_ns, now);
  wsig_send(signals[kind], SI_KERNEL, (union sigval){.sival_ptr = NULL});
}

#define LOOK_EACH_NS UINT64_C(100000)
#define MOST_POLLS 8

static uint32_t polls = 1; /* between two reads of the clock */

/* If fewer polls have passed, the caller is no poll but a blocking call. It is
 * unknown how often the guest polls after that. */
static void choose_polls(void) {
  static uint64_t last_ns;
  uint64_t now = wsig_now_ns();
  uint64_t passed_ns = now - last_ns;
  last_ns = now;
  if (wsig_polls_left > 0)
    polls = 1;
  else if (passed_ns < LOOK_EACH_NS / 2 && polls < MOST_POLLS)
    polls *= 2;
  while (passed_ns > LOOK_EACH_NS && polls > 1) {
    polls /= 2;
    passed_ns /= 2;
  }
  wsig_polls_left = (int32_t)polls;
}

void wsig_check_timers(void) {
  bool any = false;
  if (!wsig.timers_run) return;
  for (int kind = 0; kind < KINDS; kind++) {
    look_at(kind);
    any = any || timers[kind].deadline_ns != 0;
  }
  wsig.timers_run = any;
  if (any) choose_polls();
}

/* ----------------------------------------------------------------- setting */

static bool is_time(const struct timeval *time) {
  return wsig_is_duration(time->tv_sec, time->tv_usec, WSIG_US_PER_S);
}

static uint64_t ns_of(const struct timeval *time) {
  return wsig_ns_of(time->tv_sec, (int64_t)time->tv_usec * 1000);
}

/* Rounds up: the remaining time of a running timer is not 0. */
static struct timeval timeval_of(uint64_t ns) {
  uint64_t us = (ns + 999) / 1000;
  return (struct timeval){.tv_sec = (time_t)(us / 1000000),
                          .tv_usec = (suseconds_t)(us % 1000000)};
}

static struct itimerval left_of(int kind) {
  uint64_t deadline_ns = timers[kind].deadline_ns, left_ns = 0;
  if (deadline_ns) {
    uint64_t now = now_of(kind);
    left_ns = deadline_ns > now ? deadline_ns - now : 1;
  }
  return (struct itimerval){.it_interval = timeval_of(timers[kind].interval_ns),
                            .it_value = timeval_of(left_ns)};
}

/* A stopped timer has no interval, as on Linux for ITIMER_REAL. */
static void set(int kind, const struct itimerval *to) {
  uint64_t value_ns = ns_of(&to->it_value);
  timers[kind].interval_ns = value_ns ? ns_of(&to->it_interval) : 0;
  timers[kind].deadline_ns = value_ns ? now_of(kind) + value_ns : 0;
  wsig.timers_run = timers[ITIMER_REAL].deadline_ns ||
                    timers[ITIMER_VIRTUAL].deadline_ns ||
                    timers[ITIMER_PROF].deadline_ns;
  polls = 1;
  wsig_polls_left = 0;
}

int getitimer(int kind, struct itimerval *now) {
  if (kind < 0 || kind >= KINDS) return wsig_result(EINVAL);
  wsig_enter();
  *now = left_of(kind);
  wsig_check_timers();
  wsig_run();
  wsig_leave();
  return 0;
}

int setitimer(int kind, const struct itimerval *restrict to,
              struct itimerval *restrict before) {
  struct itimerval was;
  if (kind < 0 || kind >= KINDS) return wsig_result(EINVAL);
  if (!is_time(&to->it_value) || !is_time(&to->it_interval))
    return wsig_result(EINVAL);
  wsig_enter();
  wsig_check_timers(); /* so that no expired timer is lost */
  was = left_of(kind);
  set(kind, to);
  wsig_run();
  wsig_leave();
  if (before) *before = was;
  return 0;
}

unsigned alarm(unsigned seconds) {
  struct itimerval to = {.it_value = {.tv_sec = (time_t)seconds}}, before;
  setitimer(ITIMER_REAL, &to, &before);
  /* Rounded to the nearest second, but not to 0, as on Linux. */
  unsigned left = (unsigned)before.it_value.tv_sec;
  if (before.it_value.tv_usec >= 500000) left++;
  if (left == 0 && before.it_value.tv_usec > 0) left = 1;
  return left;
}

unsigned ualarm(unsigned us, unsigned interval_us) {
  struct itimerval before,
      to = {.it_interval = timeval_of((uint64_t)interval_us * 1000),
            .it_value = timeval_of((uint64_t)us * 1000)};
  setitimer(ITIMER_REAL, &to, &before);
  return (unsigned)before.it_value.tv_sec * 1000000 +
         (unsigned)before.it_value.tv_usec;
}
