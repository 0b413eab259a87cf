/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How Python Workers are signalled: the runtime gives the enforcer a callback,
 * which is called once when a request reaches its soft limit, in its thread.
 *
 *     workerd_callback
 *
 * Prints what was wrong; its exit status is 1 then.
 */
#include "no_runtime.h"

#include "requests.h"
#include "wasmsig/host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MS UINT64_C(1000000)
#define SOFT_NS (20 * MS)
#define HARD_NS (3600000 * MS)
#define PATIENCE_NS (20000 * MS)

/* Laid out as a kj::Function<void()>: the first virtual function is called. */
static volatile int calls;
static pthread_t caller;

static void be_called(void *callable) {
  (void)callable;
  calls++;
  caller = pthread_self();
}

static void (*const vtable[])(void *) = {be_called};
static struct {
  void (*const *vtable)(void *);
} callable = {vtable};

static int failures;

static void expect(int is_so, const char *what) {
  if (is_so) return;
  printf("not so: %s (%d calls)\n", what, calls);
  failures++;
}

static uint64_t cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

/* A turn of a request that computes for so long, or until it is signalled. */
static uint64_t turn(void *context, uint64_t ns) {
  uint64_t begin = cpu_ns(), used = 0;
  int before = calls;
  void *entered = wkd_request_enter(&no_runtime_enforcer, context);
  while (calls == before && used < ns) {
    no_runtime_interrupt_if_asked();
    used = cpu_ns() - begin;
  }
  wkd_request_leave(entered);
  return used;
}

int main(void) {
  char first, second, third;
  struct wkd_function function = {NULL, &callable};
  no_runtime_use(SOFT_NS, HARD_NS);
  wkd_request_set_callback(&no_runtime_enforcer, &function);
  wkd_request_context_made(&no_runtime_enforcer);

  turn(&first, SOFT_NS / 4);
  expect(calls == 0, "a request far from its limit is not signalled");

  uint64_t used = turn(&second, PATIENCE_NS);
  expect(calls == 1, "a request at its limit is signalled");
  expect(used >= SOFT_NS * 9 / 10, "no signal comes early");
  expect(pthread_equal(caller, pthread_self()), "it is called in its thread");

  /* Turns add up; and it comes once. */
  turn(&first, PATIENCE_NS);
  expect(calls == 2, "another request is signalled for itself");
  turn(&second, SOFT_NS);
  expect(calls == 2, "a request is signalled once");

  wkd_request_context_delete(&second);
  turn(&third, SOFT_NS / 4);
  expect(calls == 2, "a request that has ended signals no other");
  wkd_request_context_delete(&first);
  wkd_request_context_delete(&third);

  /* This context has no turn. Then another isolate uses its addresses. */
  wkd_request_set_callback(&no_runtime_enforcer, &function);
  wkd_request_context_made(&no_runtime_enforcer);
  no_runtime_use(SOFT_NS, HARD_NS);
  wkd_request_context_made(&no_runtime_enforcer);
  turn(&first, SOFT_NS * 2);
  expect(calls == 2, "a callback is not called for another isolate");

  wkd_request_set_callback(&no_runtime_enforcer, &function);
  wkd_request_context_made(&no_runtime_enforcer);
  turn(&third, PATIENCE_NS);
  expect(calls == 3, "it is called for a context that has set it");
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
