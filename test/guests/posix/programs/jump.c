/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A handler that leaves by longjmp. jump_runtime.c replaces <setjmp.h>. */
#include "check.h"

typedef void *jmp_buf[8];

int setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int);

static jmp_buf back;

static void leave(int signal) {
  note(signal);
  longjmp(back, signal);
}

static volatile int over; /* never */

/* The target of the jump is set now: there are polls around setjmp, too. */
static void be_interrupted(void) {
  host_raises(SIGUSR1);
  while (!over) work();
}

static void (*volatile go)(void) = be_interrupted;

/* Alone: clang 19 makes invalid code of a setjmp among loops. */
static __attribute__((noinline)) int is_left_by_jump(void) {
  if (setjmp(back) != 0) return 1;
  go();
  return 0;
}

static void leaves_by_jump(void) {
  signal(SIGUSR1, leave);
  signal(SIGUSR2, hear);
  for (volatile int i = 0; i < 50; i++) {
    CHECK(is_left_by_jump());
    CHECK(is_blocked(SIGUSR1));
    unblock(SIGUSR1, 0);
  }
  CHECK(heard_count == 50);
  host_raises(SIGUSR2);
  work();
  raise(SIGUSR2);
  CHECK(heard_count == 52 && heard[51] == SIGUSR2);
}

static void others_are_not_lost(void) {
  signal(SIGUSR1, leave);
  signal(SIGUSR2, hear);
  pending_set = 0;
  pending_set = 1u << (SIGUSR2 - 1);
  CHECK(is_left_by_jump());
  work();
  CHECK(HEARD(SIGUSR1, SIGUSR2));
}

static const struct test tests[] = {
    TEST(leaves_by_jump, "a handler may leave by longjmp"),
    TEST(others_are_not_lost,
         "a handler that jumps loses no signal that came with it"),
};

int main(int argc, char **argv) { return RUN(tests); }
