/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The watchdog's end. In a process of its own, whose main thread has been in no
 * section: others come and go.
 */
#include "os/os.h"
#include "support.h"

#include <sys/syscall.h>

#define MS UINT64_C(1000000)

static pid_t watchdog;   /* its thread's id, 0: it has not begun; atomic */
static unsigned spawned; /* atomic */
static void *(*real_body)(void *);

static void *observed_body(void *argument) {
  wsig_store_release(&watchdog, (pid_t)syscall(SYS_gettid));
  return real_body(argument);
}

static bool observed_spawn(void *(*body)(void *)) {
  real_body = body;
  wsig_add_relaxed(&spawned, 1);
  return wsig_os_clock.spawn(observed_body);
}

static wasmsig_registry *registry;
static struct guest guest;
static wasmsig_budget budget;

/* One section of a guest that runs until it is signalled. */
static void *be_signalled(void *unused) {
  (void)unused;
  if (wasmsig_budget_enter(&budget) != WASMSIG_OK) return NULL;
  while (!guest_signal(&guest)) continue;
  int outcome = wasmsig_budget_leave(&budget);
  return outcome == WASMSIG_LEFT_SIGNALLED ? &budget : NULL;
}

static void let_a_thread_be_told(void) {
  pthread_t thread;
  void *signalled;
  assert_int_equal(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
  assert_int_equal(pthread_create(&thread, NULL, be_signalled, NULL), 0);
  pthread_join(thread, &signalled);
  assert_non_null(signalled);
}

TEST(the_watchdog_ends_with_the_last_thread_that_needed_it_and_starts_again) {
  const struct timespec a_little = {0, 1000000};
  char path[64];
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  assert_int_equal(wasmsig_registry_create(&registry), WASMSIG_OK);
  guest_track(&guest, registry);
  options.soft_ns = 2 * MS;
  options.registry = registry;
  assert_int_equal(wasmsig_budget_init(&budget, &options), WASMSIG_OK);
  for (unsigned time = 1; time <= 3; time++) {
    pid_t id;
    wsig_store_release(&watchdog, 0);
    let_a_thread_be_told();
    assert_int_equal(wsig_load_acquire(&spawned), time);
    while (!(id = wsig_load_acquire(&watchdog))) nanosleep(&a_little, NULL);
    snprintf(path, sizeof path, "/proc/self/task/%d", (int)id);
    while (access(path, F_OK) == 0) nanosleep(&a_little, NULL); /* or CTest */
  }
}

int main(void) {
  static struct wsig_clock observed_clock;
  observed_clock = wsig_os_clock;
  observed_clock.spawn = observed_spawn;
  wsig_clock = &observed_clock;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          the_watchdog_ends_with_the_last_thread_that_needed_it_and_starts_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
