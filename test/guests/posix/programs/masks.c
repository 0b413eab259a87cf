/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sets, masks, and what waits behind them. */
#define _GNU_SOURCE
#include "check.h"

#include <poll.h>
#include <sys/select.h>
#include <unistd.h>

static void sets(void) {
  sigset_t set, other, result;
  sigemptyset(&set);
  for (int n = 1; n <= 64; n++) {
    CHECK(sigismember(&set, n) == 0);
    CHECK(sigaddset(&set, n) == 0 && sigismember(&set, n) == 1);
    CHECK(sigdelset(&set, n) == 0 && sigismember(&set, n) == 0);
  }
  sigfillset(&set);
  for (int n = 1; n <= 64; n++) CHECK(sigismember(&set, n) == 1);
  set = set_of(1, 64);
  other = set_of(64, 33);
  CHECK(!sigisemptyset(&set));
  sigandset(&result, &set, &other);
  CHECK(sigismember(&result, 64) && !sigismember(&result, 1));
  sigorset(&result, &set, &other);
  CHECK(sigismember(&result, 33) && sigismember(&result, 1));
  CHECK(sizeof(sigset_t) == 8);
}

static void bad_sets(void) {
  sigset_t set = set_of(0, 0);
  const int bad[] = {-1, 0, 65, 1000};
  for (int i = 0; i < 4; i++) {
    CHECK(fails(sigaddset(&set, bad[i]), EINVAL));
    CHECK(fails(sigdelset(&set, bad[i]), EINVAL));
    CHECK(fails(sigismember(&set, bad[i]), EINVAL));
  }
  CHECK(sigisemptyset(&set));
}

static void waits_blocked(void) {
  signal(SIGUSR1, hear);
  block(SIGUSR1, 0);
  host_raises(SIGUSR1);
  work();
  CHECK(signal_word == 0); /* acknowledged all the same */
  CHECK(is_pending(SIGUSR1) && heard_count == 0);
  unblock(SIGUSR1, 0);
  CHECK(HEARD(SIGUSR1) && !is_pending(SIGUSR1));
}

static void two_are_one(void) {
  signal(SIGUSR1, hear);
  block(SIGUSR1, 0);
  for (int i = 0; i < 5; i++) {
    raise(SIGUSR1);
    host_raises(SIGUSR1);
    work();
  }
  unblock(SIGUSR1, 0);
  CHECK(HEARD(SIGUSR1));
}

static void unblocked_in_order(void) {
  handle_alone(SIGHUP, hear);
  handle_alone(SIGTERM, hear);
  handle_alone(60, hear);
  sigset_t all, before;
  sigfillset(&all);
  CHECK(sigprocmask(SIG_SETMASK, &all, &before) == 0);
  CHECK(sigisemptyset(&before));
  raise(60);
  raise(SIGTERM);
  raise(SIGHUP);
  CHECK(heard_count == 0);
  CHECK(sigprocmask(SIG_SETMASK, &before, &all) == 0);
  CHECK(sigismember(&all, SIGTERM) && sigismember(&all, 60));
  CHECK(HEARD(SIGHUP, SIGTERM, 60));
}

static void how(void) {
  sigset_t set = set_of(SIGUSR1, 0), now;
  CHECK(fails(sigprocmask(3, &set, NULL), EINVAL));
  CHECK(fails(sigprocmask(-1, &set, NULL), EINVAL));
  CHECK(pthread_sigmask(3, &set, NULL) == EINVAL && errno == 0);
  CHECK(!is_blocked(SIGUSR1));
  CHECK(sigprocmask(3, NULL, &now) == 0); /* without a set nothing is asked */
  CHECK(sigprocmask(SIG_BLOCK, &set, &now) == 0 && sigisemptyset(&now));
  set = set_of(SIGUSR2, 0);
  CHECK(pthread_sigmask(SIG_BLOCK, &set, &now) == 0);
  CHECK(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
  CHECK(is_blocked(SIGUSR1) && is_blocked(SIGUSR2));
  CHECK(sigprocmask(SIG_SETMASK, &set, NULL) == 0);
  CHECK(!is_blocked(SIGUSR1) && is_blocked(SIGUSR2));
}

static void never_blocked(void) {
  sigset_t all, now;
  sigfillset(&all);
  CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(!sigismember(&now, SIGKILL) && !sigismember(&now, SIGSTOP));
  CHECK(sigismember(&now, SIGINT) && sigismember(&now, 64));
}

static void held_and_released(void) {
  signal(SIGUSR1, hear);
  CHECK(sighold(SIGUSR1) == 0);
  raise(SIGUSR1);
  CHECK(heard_count == 0);
  CHECK(sigrelse(SIGUSR1) == 0);
  CHECK(HEARD(SIGUSR1));
  CHECK(fails(sighold(0), EINVAL) && fails(sigrelse(65), EINVAL));
}

/* ------------------------------------------------------------------ waiting */

static void suspend(void) {
  signal(SIGUSR1, hear);
  signal(SIGUSR2, hear);
  block(SIGUSR1, SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR2);
  sigset_t others = set_of(SIGUSR2, 0);
  CHECK(fails(sigsuspend(&others), EINTR));
  CHECK(HEARD(SIGUSR1));
  CHECK(is_blocked(SIGUSR1) && is_blocked(SIGUSR2));
  CHECK(is_pending(SIGUSR2));
}

static void suspend_past_ignored(void) {
  signal(SIGUSR1, SIG_IGN);
  signal(SIGALRM, hear);
  block(SIGALRM, 0);
  alarm(1);
  host_raises(SIGUSR1);
  sigset_t none = set_of(0, 0);
  CHECK(fails(sigsuspend(&none), EINTR));
  CHECK(HEARD(SIGALRM));
}

static void pauses(void) {
  signal(SIGALRM, hear);
  alarm(1);
  CHECK(fails(pause(), EINTR));
  CHECK(HEARD(SIGALRM));
}

static void sigwait_takes(void) {
  int which = 0;
  signal(SIGUSR1, hear);
  block(SIGUSR1, SIGALRM);
  raise(SIGUSR1);
  sigset_t set = set_of(SIGUSR1, SIGALRM);
  CHECK(sigwait(&set, &which) == 0 && which == SIGUSR1);
  alarm(1);
  CHECK(sigwait(&set, &which) == 0 && which == SIGALRM);
  CHECK(heard_count == 0 && !is_pending(SIGUSR1) && !is_pending(SIGALRM));
}

static void timedwait(void) {
  sigset_t set = set_of(SIGUSR1, 0);
  siginfo_t info;
  struct timespec time = {0, 30000000};
  block(SIGUSR1, 0);
  int64_t start = now_ns(CLOCK_MONOTONIC);
  CHECK(fails(sigtimedwait(&set, &info, &time), EAGAIN));
  CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30000000);
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 3});
  CHECK(sigtimedwait(&set, &info, &time) == SIGUSR1);
  CHECK(info.si_signo == SIGUSR1 && info.si_value.sival_int == 3);
  host_raises(SIGUSR1);
  CHECK(sigwaitinfo(&set, NULL) == SIGUSR1);
  time.tv_nsec = 1000000000;
  CHECK(fails(sigtimedwait(&set, &info, &time), EINVAL));
}

static void timedwait_is_interrupted(void) {
  signal(SIGALRM, hear);
  block(SIGUSR1, 0);
  sigset_t set = set_of(SIGUSR1, 0);
  alarm(1);
  CHECK(fails(sigtimedwait(&set, NULL, NULL), EINTR));
  CHECK(HEARD(SIGALRM));
}

static void sigpause_waits(void) {
  signal(SIGUSR1, hear);
  signal(SIGUSR2, hear);
  block(SIGUSR1, SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR2);
  CHECK(fails(sigpause(SIGUSR1), EINTR));
  CHECK(HEARD(SIGUSR1));
  CHECK(is_blocked(SIGUSR1) && is_pending(SIGUSR2));
  CHECK(fails(sigpause(65), EINVAL));
}

static void pselect_waits(void) {
  signal(SIGUSR1, hear);
  signal(SIGUSR2, hear);
  block(SIGUSR1, SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR2);
  sigset_t others = set_of(SIGUSR2, 0), both = set_of(SIGUSR1, SIGUSR2);
  struct timespec soon = {.tv_nsec = 1000000}, late = {.tv_sec = 1000};
  CHECK(pselect(0, NULL, NULL, NULL, &soon, &both) == 0);
  CHECK(pselect(0, NULL, NULL, NULL, &soon, NULL) == 0);
  CHECK(heard_count == 0);
  CHECK(fails(pselect(0, NULL, NULL, NULL, &late, &others), EINTR));
  CHECK(HEARD(SIGUSR1) && is_pending(SIGUSR2));
  CHECK(is_blocked(SIGUSR1) && is_blocked(SIGUSR2));
  signal(SIGALRM, hear);
  block(SIGALRM, 0);
  alarm(1);
  CHECK(fails(pselect(0, NULL, NULL, NULL, &late, &others), EINTR));
  alarm(1);
  CHECK(fails(pselect(0, NULL, NULL, NULL, NULL, &others), EINTR));
  CHECK(HEARD(SIGUSR1, SIGALRM, SIGALRM) && is_blocked(SIGALRM));
}

static void ppoll_waits(void) {
  signal(SIGUSR1, hear);
  block(SIGUSR1, 0);
  raise(SIGUSR1);
  sigset_t none = set_of(0, 0), one = set_of(SIGUSR1, 0);
  struct timespec time = {.tv_nsec = 1500000};
  int64_t start = now_ns(CLOCK_MONOTONIC);
  CHECK(ppoll(NULL, 0, &time, &one) == 0);
  CHECK(now_ns(CLOCK_MONOTONIC) - start >= 1500000);
  CHECK(ppoll(NULL, 0, &time, NULL) == 0 && heard_count == 0);
  CHECK(fails(ppoll(NULL, 0, NULL, &none), EINTR));
  raise(SIGUSR1);
  time.tv_sec = 1000;
  CHECK(fails(ppoll(NULL, 0, &time, &none), EINTR));
  CHECK(HEARD(SIGUSR1, SIGUSR1) && is_blocked(SIGUSR1));
  time.tv_nsec = 1000000000;
  CHECK(fails(ppoll(NULL, 0, &time, &none), EINVAL));
}

static void names(void) {
  CHECK(strcmp(strsignal(SIGINT), "Interrupt") == 0);
  CHECK(strcmp(strsignal(SIGXCPU), "CPU time limit exceeded") == 0);
  CHECK(strcmp(strsignal(40), "Real-time signal 6") == 0);
  CHECK(strcmp(strsignal(99), "Unknown signal 99") == 0);
  for (int n = 1; n <= 64; n++) CHECK(strsignal(n) && strsignal(n)[0]);
}

static const struct test tests[] = {
    TEST(sets, "a set holds 64 signals"),
    TEST(bad_sets, "sets refuse numbers that are no signals"),
    TEST(waits_blocked, "a blocked signal waits until it is unblocked"),
    TEST(two_are_one, "of two that wait under one number one is delivered"),
    TEST(unblocked_in_order, "unblocked signals come lowest first"),
    TEST(how, "sigprocmask blocks, unblocks, sets, and refuses the rest"),
    TEST(never_blocked, "SIGKILL and SIGSTOP are never blocked"),
    TEST(held_and_released, "sighold and sigrelse block one signal"),
    TEST(suspend,
         "sigsuspend waits under its own mask, and gives back the old"),
    TEST(suspend_past_ignored, "an ignored signal does not end sigsuspend"),
    TEST(pauses, "pause waits for a handler"),
    TEST(sigwait_takes, "sigwait takes a signal without its handler"),
    TEST(timedwait, "sigtimedwait waits for the whole given time"),
    TEST(timedwait_is_interrupted, "a handler ends sigtimedwait"),
    TEST(sigpause_waits, "sigpause waits with one signal unblocked"),
    TEST(pselect_waits, "pselect waits under its own mask"),
    TEST(ppoll_waits, "ppoll waits under its own mask"),
    TEST(names, "every signal has a name"),
};

int main(int argc, char **argv) { return RUN(tests); }
