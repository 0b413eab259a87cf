/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* <wasmsig/guest.h> beside POSIX's functions: the words are the library's. */
#include "check.h"

#include <wasmsig/guest.h>

#ifdef DEFINES_WORDS
WASMSIG_GUEST_WORDS();
#endif

static void both(void) {
  signal(SIGUSR1, hear);
  wasmsig_on(WASMSIG_SIGUSR2, hear);
  wasmsig_on(WASMSIG_SIGTERM, WASMSIG_IGNORE);
  host_raises(SIGUSR1);
  work();
  host_raises(SIGUSR2);
  work();
  host_raises(SIGTERM);
  work();
  CHECK(HEARD(SIGUSR1, SIGUSR2));
  CHECK(wasmsig_poll() == 0);
  CHECK(wasmsig_is_hosted());
}

/* No loop and no call before it: nothing else takes the signal. */
static void by_hand(void) {
  signal(SIGUSR1, hear);
  host_raises(SIGUSR1);
  CHECK(wasmsig_poll() == SIGUSR1);
  CHECK(HEARD(SIGUSR1));
  CHECK(wasmsig_poll() == 0);
}

static void by_hand_late(void) {
  signal(SIGUSR1, hear);
  signal(SIGUSR2, hear);
  host_raises(SIGUSR1);
  work();
  signal_word = SIGUSR1; /* came late: its bit has been taken */
  CHECK(wasmsig_poll() == 0);
  host_raises(SIGUSR2);
  signal_word = SIGUSR1;
  CHECK(wasmsig_poll() == SIGUSR2);
  CHECK(HEARD(SIGUSR1, SIGUSR2));
}

static void by_hand_blocked(void) {
  signal(SIGUSR1, hear);
  signal(SIGUSR2, hear);
  block(SIGUSR1, 0);
  host_raises(SIGUSR1);
  CHECK(wasmsig_poll() == 0);
  CHECK(heard_count == 0 && is_pending(SIGUSR1));
  host_raises(SIGUSR2);
  signal_word = SIGUSR1;
  CHECK(wasmsig_poll() == SIGUSR2);
  unblock(SIGUSR1, 0);
  CHECK(HEARD(SIGUSR2, SIGUSR1));
}

/* What a poll is to tell of ends the program no more. */
static void wanted(void) {
  wasmsig_want(WASMSIG_BIT(WASMSIG_SIGTERM));
  host_raises(SIGTERM);
  CHECK(wasmsig_poll() == SIGTERM);
  host_raises(SIGTERM);
  work();
  CHECK(__instance_signal_handled == ~0ull);
  wasmsig_on(WASMSIG_SIGTERM, hear);
  host_raises(SIGTERM);
  work();
  CHECK(HEARD(SIGTERM));
}

static void signal_wins(void) {
  wasmsig_on(WASMSIG_SIGUSR1, WASMSIG_IGNORE);
  signal(SIGUSR1, hear);
  raise(SIGUSR1);
  CHECK(HEARD(SIGUSR1));
}

static void tells_of_no_host(void) {
  pending_set = UINT64_MAX; /* as the program found it */
  signal_word = 0xffff;
  CHECK(!wasmsig_is_hosted());
  work();
  CHECK(signal_word == 0 && !wasmsig_is_hosted());
  host_raises(SIGWINCH);
  work();
  CHECK(wasmsig_is_hosted());
}

/* One that knows the word alone leaves no trace but the signals. */
static void tells_of_host_with_word(void) {
  pending_set = UINT64_MAX;
  signal_word = 0xffff;
  work();
  signal_word = SIGWINCH;
  work();
  CHECK(wasmsig_is_hosted());
}

static const struct test tests[] = {
    TEST(both, "handlers of signal and of wasmsig_on work together"),
    TEST(by_hand, "a poll by hand runs the handlers of signal"),
    TEST(tells_of_no_host, "wasmsig_is_hosted is right after polls, too"),
    TEST(by_hand_late, "a poll by hand returns no signal twice"),
    TEST(by_hand_blocked, "a poll by hand returns no blocked signal"),
    TEST(tells_of_host_with_word, "a host that knows the word alone is one"),
    TEST(wanted, "signals of wasmsig_want do not end the program"),
    TEST(signal_wins, "of two for one signal, signal's is called"),
};

int main(int argc, char **argv) { return RUN(tests); }
