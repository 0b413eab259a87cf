/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The thread that requests interrupts again and again
 * (hosts/js/native/interrupt_spinner.c): however late an interrupt reports its
 * end, the next one is requested.
 *
 * Here an engine's interrupt is a flag, and the isolate's thread is the test's.
 */
#include "hosts/js/native/interrupt_spinner.h"

#include "hosts/js/native/clock.h"

#include "support.h"

#include <stdatomic.h>

#define PATIENCE_NS 20000000000 /* guards against hanging only */
#define ROUNDS 200
#define STEP_NS 10000 /* rounds are late by up to 2 ms: it spins for one */

static _Atomic bool interrupted;

static uint64_t request(struct spinner_client *client, uint64_t now_ns) {
  (void)client, (void)now_ns;
  atomic_store(&interrupted, true);
  return UINT64_MAX;
}

static void pause_for(uint64_t ns) {
  struct timespec time = {.tv_nsec = (long)ns};
  nanosleep(&time, NULL);
}

static bool is_requested_again(void) {
  uint64_t until = monotonic_now_ns() + PATIENCE_NS;
  while (!atomic_load(&interrupted) && monotonic_now_ns() < until)
    pause_for(STEP_NS);
  return atomic_load(&interrupted);
}

/* An interrupt whose thread is off the processor for `late_ns` before it
 * reports its end. */
static void interrupt(uint64_t late_ns) {
  interrupt_spinner_wake();
  pause_for(late_ns);
  atomic_store(&interrupted, false);
  interrupt_spinner_notify();
}

TEST(the_next_is_requested_however_late) {
  static struct spinner_client client = {.request = request};
  interrupt_spinner_add(&client);
  interrupt_spinner_wake();
  assert_true(is_requested_again());
  for (uint64_t round = 0; round < ROUNDS; round++) {
    interrupt(round * STEP_NS);
    assert_true(is_requested_again());
  }
  interrupt_spinner_remove(&client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_next_is_requested_however_late),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
