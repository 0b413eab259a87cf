/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The thread that asks for interrupts again
 * (hosts/js/native/interrupt_spinner.c): however late an interrupt says that it
 * is over, the next one is asked for.
 *
 * Here an engine's interrupt is a flag, and the isolate's thread is the test's.
 */
#include "hosts/js/native/engine.h"

#include "support.h"

#include <stdatomic.h>
#include <time.h>

#define PATIENCE_NS 20000000000 /* guards against hanging only */
#define ROUNDS 200
#define STEP_NS 10000 /* rounds are late by up to 2 ms: it spins for one */

static _Atomic bool interrupted;

uint64_t engine_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t engine_ask_again(struct engine *engine, uint64_t now_ns) {
  (void)engine, (void)now_ns;
  atomic_store(&interrupted, true);
  return UINT64_MAX;
}

static void pause_for(uint64_t ns) {
  struct timespec time = {.tv_nsec = (long)ns};
  nanosleep(&time, NULL);
}

static bool is_asked_again(void) {
  uint64_t until = engine_now_ns() + PATIENCE_NS;
  while (!atomic_load(&interrupted) && engine_now_ns() < until)
    pause_for(STEP_NS);
  return atomic_load(&interrupted);
}

/* An interrupt, whose thread is off the processor for `late_ns` before it says
 * that it is over. */
static void interrupt(uint64_t late_ns) {
  retry_be_ready();
  pause_for(late_ns);
  atomic_store(&interrupted, false);
  retry_changed();
}

TEST(the_next_is_asked_for_however_late) {
  static struct engine engine;
  retry_begin(&engine);
  retry_be_ready();
  assert_true(is_asked_again());
  for (uint64_t round = 0; round < ROUNDS; round++) {
    interrupt(round * STEP_NS);
    assert_true(is_asked_again());
  }
  retry_end(&engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_next_is_asked_for_however_late),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
