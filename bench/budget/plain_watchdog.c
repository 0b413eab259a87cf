/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "plain_watchdog.h"

static void wait_for_limit(clockid_t clock, int64_t limit_ns) {
  for (;;) {
    int64_t left = limit_ns - now_ns(clock);
    if (left <= 0) return;
    sleep_ns(left);
  }
}

static void *watch(void *context) {
  struct plain_watchdog *watchdog = context;
  pthread_mutex_lock(&watchdog->lock);
  while (!watchdog->ending) {
    int64_t limit_ns = watchdog->limit_ns;
    if (limit_ns == 0) {
      pthread_cond_wait(&watchdog->changed, &watchdog->lock);
      continue;
    }
    watchdog->limit_ns = 0;
    pthread_mutex_unlock(&watchdog->lock);
    wait_for_limit(watchdog->clock, limit_ns);
    word_store(watchdog->to, WASMSIG_SIGXCPU);
    pthread_mutex_lock(&watchdog->lock);
  }
  pthread_mutex_unlock(&watchdog->lock);
  return NULL;
}

void plain_watchdog_start(struct plain_watchdog *watchdog, word *to) {
  watchdog->to = to;
  watchdog->limit_ns = 0;
  watchdog->ending = false;
  check_error(pthread_mutex_init(&watchdog->lock, NULL), "pthread_mutex_init");
  check_error(pthread_cond_init(&watchdog->changed, NULL), "pthread_cond_init");
  check_error(pthread_getcpuclockid(pthread_self(), &watchdog->clock),
              "pthread_getcpuclockid");
  check_error(pthread_create(&watchdog->thread, NULL, watch, watchdog),
              "pthread_create");
}

void plain_watchdog_arm(struct plain_watchdog *watchdog, int64_t budget_ns) {
  pthread_mutex_lock(&watchdog->lock);
  watchdog->limit_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) + budget_ns;
  pthread_cond_signal(&watchdog->changed);
  pthread_mutex_unlock(&watchdog->lock);
}

void plain_watchdog_end(struct plain_watchdog *watchdog) {
  pthread_mutex_lock(&watchdog->lock);
  watchdog->ending = true;
  pthread_cond_signal(&watchdog->changed);
  pthread_mutex_unlock(&watchdog->lock);
  pthread_join(watchdog->thread, NULL);
  pthread_cond_destroy(&watchdog->changed);
  pthread_mutex_destroy(&watchdog->lock);
}
