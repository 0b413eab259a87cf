/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Actions for signals. */
#define _GNU_SOURCE
#include "check.h"

#include <unistd.h>

static void raise_runs(void) {
  CHECK(signal(SIGUSR1, hear) == SIG_DFL);
  CHECK(raise(SIGUSR1) == 0);
  CHECK(HEARD(SIGUSR1));
}

static void host_runs(void) {
  signal(SIGINT, hear);
  host_raises(SIGINT);
  work();
  CHECK(HEARD(SIGINT));
  CHECK(signal_word == 0 && pending_set == 0);
}

static void every_signal(void) {
  for (int n = 1; n <= 64; n++) {
    if (n == SIGKILL || n == SIGSTOP) continue;
    heard_count = 0;
    CHECK(signal(n, hear) == SIG_DFL);
    host_raises(n);
    work();
    CHECK(HEARD(n));
    raise(n);
    CHECK(HEARD(n, n));
  }
}

static void word_alone(void) {
  signal(SIGINT, hear);
  signal(SIGTERM, hear);
  pending_set = UINT64_MAX;
  signal_word = SIGINT;
  work();
  signal_word = SIGTERM;
  work();
  CHECK(HEARD(SIGINT, SIGTERM));
  CHECK(pending_set == UINT64_MAX);
}

static void word_already_taken(void) {
  signal(SIGINT, hear);
  host_raises(SIGINT);
  work();
  signal_word = SIGINT; /* came late: its bit has been taken */
  work();
  CHECK(HEARD(SIGINT));
  CHECK(signal_word == 0);
}

static void unhosted_word(void) {
  for (int n = 1; n <= 64; n++) signal(n, hear);
  pending_set = UINT64_MAX;
  signal_word = 0xffff;
  work();
  CHECK(heard_count == 0);
}

static void bad_word(void) {
  for (int n = 1; n <= 64; n++) signal(n, hear);
  pending_set = UINT64_MAX;
  for (uint32_t word = 65; word < 65 + 64 * 4; word++) {
    signal_word = word;
    work();
  }
  signal_word = 0x80000000;
  work();
  CHECK(heard_count == 0);
}

static void lowest_first(void) {
  handle_alone(SIGTERM, hear);
  handle_alone(SIGINT, hear);
  handle_alone(SIGUSR1, hear);
  pending_set = 0;
  pending_set = 1u << (SIGTERM - 1) | 1u << (SIGINT - 1);
  host_raises(SIGUSR1);
  work();
  CHECK(HEARD(SIGINT, SIGUSR1, SIGTERM));
}

static void signal_answers(void) {
  CHECK(signal(SIGUSR1, hear) == SIG_DFL);
  CHECK(signal(SIGUSR1, SIG_IGN) == hear);
  CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
  CHECK(signal(SIGUSR1, hear) == SIG_DFL);
}

static void not_a_constant(void) {
  CHECK(SIG_IGN != SIG_DFL && SIG_IGN != SIG_ERR && SIG_ERR != SIG_DFL);
  CHECK(SIG_IGN != hear && SIG_ERR != hear);
  /* A handler in static data: the values are constants for the compiler. */
  static void (*const values[])(int) = {SIG_DFL, SIG_IGN, SIG_ERR};
  CHECK(values[1] == SIG_IGN);
}

static void bad_numbers(void) {
  struct sigaction action = {.sa_handler = hear};
  const int bad[] = {-1, 0, 65, 100000};
  for (int i = 0; i < 4; i++) {
    CHECK(fails(sigaction(bad[i], &action, NULL), EINVAL));
    CHECK(fails(sigaction(bad[i], NULL, &action), EINVAL));
    CHECK(signal(bad[i], hear) == SIG_ERR && errno == EINVAL);
    if (bad[i] != 0) CHECK(fails(raise(bad[i]), EINVAL));
    if (bad[i] != 0) CHECK(fails(kill(getpid(), bad[i]), EINVAL));
  }
  CHECK(signal(SIGUSR1, SIG_ERR) == SIG_ERR && errno == EINVAL);
}

static void untouchable(void) {
  struct sigaction action = {.sa_handler = hear};
  CHECK(fails(sigaction(SIGKILL, &action, NULL), EINVAL));
  CHECK(fails(sigaction(SIGSTOP, &action, NULL), EINVAL));
  CHECK(signal(SIGKILL, SIG_IGN) == SIG_ERR);
  CHECK(signal(SIGSTOP, SIG_IGN) == SIG_ERR);
  CHECK(sigaction(SIGKILL, NULL, &action) == 0);
  CHECK(action.sa_handler == SIG_DFL);
}

static void sigaction_answers(void) {
  struct sigaction action = {.sa_handler = hear,
                             .sa_flags = SA_RESTART | SA_NODEFER,
                             .sa_mask = set_of(SIGUSR2, 0)};
  struct sigaction before;
  CHECK(sigaction(SIGUSR1, &action, &before) == 0);
  CHECK(before.sa_handler == SIG_DFL && before.sa_flags == 0);
  CHECK(sigaction(SIGUSR1, NULL, &before) == 0);
  CHECK(before.sa_handler == hear);
  CHECK(before.sa_flags == (SA_RESTART | SA_NODEFER));
  CHECK(sigismember(&before.sa_mask, SIGUSR2) == 1);
  CHECK(sigismember(&before.sa_mask, SIGUSR1) == 0);
  /* Both may be the same place. */
  CHECK(sigaction(SIGUSR1, &before, &before) == 0);
  CHECK(before.sa_handler == hear);
}

static void signal_restarts(void) {
  struct sigaction action;
  signal(SIGUSR1, hear);
  sigaction(SIGUSR1, NULL, &action);
  CHECK(action.sa_flags == SA_RESTART);
  CHECK(siginterrupt(SIGUSR1, 1) == 0);
  sigaction(SIGUSR1, NULL, &action);
  CHECK(action.sa_flags == 0);
  signal(SIGUSR1, hear); /* later ones too */
  sigaction(SIGUSR1, NULL, &action);
  CHECK(action.sa_flags == 0);
  CHECK(siginterrupt(SIGUSR1, 0) == 0);
  sigaction(SIGUSR1, NULL, &action);
  CHECK(action.sa_flags == SA_RESTART);
  CHECK(fails(siginterrupt(65, 1), EINVAL));
}

static void ignored(void) {
  signal(SIGTERM, SIG_IGN);
  host_raises(SIGTERM);
  work();
  CHECK(raise(SIGTERM) == 0);
  CHECK(signal_word == 0);
}

static void harmless(void) {
  const int list[] = {SIGCHLD, SIGURG,  SIGWINCH, SIGCONT,
                      SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
    host_raises(list[i]);
    work();
    raise(list[i]);
    CHECK(signal_word == 0);
  }
}

static void ignoring_forgets(void) {
  block(SIGUSR1, SIGCHLD);
  signal(SIGCHLD, hear);
  raise(SIGUSR1);
  raise(SIGCHLD);
  CHECK(is_pending(SIGUSR1) && is_pending(SIGCHLD));
  signal(SIGUSR1, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);
  CHECK(!is_pending(SIGUSR1) && !is_pending(SIGCHLD));
  signal(SIGUSR1, hear);
  unblock(SIGUSR1, SIGCHLD);
  CHECK(heard_count == 0);
}

static void hear_and_look(int signal) {
  struct sigaction action;
  sigaction(signal, NULL, &action);
  note(action.sa_handler == SIG_DFL);
}

static void resethand(void) {
  handle(SIGWINCH, hear_and_look, (int)SA_RESETHAND);
  raise(SIGWINCH);
  raise(SIGWINCH);
  CHECK(HEARD(1)); /* once, and it was default already in the handler */
}

static void stays(void) {
  signal(SIGUSR1, hear);
  for (int i = 0; i < 3; i++) raise(SIGUSR1);
  CHECK(HEARD(SIGUSR1, SIGUSR1, SIGUSR1));
}

static volatile int depth;

static void hear_and_raise(int signal) {
  note(signal);
  if (++depth < 3) raise(signal);
  note(-signal);
}

static void deferred(void) {
  handle(SIGUSR1, hear_and_raise, 0);
  raise(SIGUSR1);
  /* One after the other: each of them was blocked meanwhile. */
  CHECK(HEARD(SIGUSR1, -SIGUSR1, SIGUSR1, -SIGUSR1, SIGUSR1, -SIGUSR1));
}

static void nodefer(void) {
  handle(SIGUSR1, hear_and_raise, SA_NODEFER);
  raise(SIGUSR1);
  CHECK(HEARD(SIGUSR1, SIGUSR1, SIGUSR1, -SIGUSR1, -SIGUSR1, -SIGUSR1));
}

static void hear_while_raised(int signal) {
  note(signal);
  host_raises(SIGUSR2);
  work();
  note(-signal);
}

static void nests(void) {
  handle(SIGUSR1, hear_while_raised, 0);
  signal(SIGUSR2, hear);
  raise(SIGUSR1);
  CHECK(HEARD(SIGUSR1, SIGUSR2, -SIGUSR1));
}

static volatile sig_atomic_t other_came;

static void hear_other(int signal) { other_came = signal; }

static void wait_for_other(int signal) {
  while (!other_came) continue;
  note(signal);
}

static void waits_for_other(void) {
  /* Both came at once: the second is not held up by the first's handler. */
  signal(SIGUSR1, wait_for_other);
  signal(SIGUSR2, hear_other);
  pending_set = 0;
  pending_set = 1u << (SIGUSR2 - 1);
  host_raises(SIGUSR1);
  work();
  CHECK(HEARD(SIGUSR1));
}

static void sa_mask(void) {
  struct sigaction action = {.sa_handler = hear_while_raised,
                             .sa_mask = set_of(SIGUSR2, 0)};
  sigaction(SIGUSR1, &action, NULL);
  signal(SIGUSR2, hear);
  raise(SIGUSR1);
  CHECK(HEARD(SIGUSR1, -SIGUSR1, SIGUSR2));
  CHECK(!is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
}

static void full_mask(void) {
  struct sigaction action = {.sa_handler = hear_while_raised};
  sigfillset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
  signal(SIGUSR2, hear);
  raise(SIGUSR1);
  CHECK(HEARD(SIGUSR1, -SIGUSR1, SIGUSR2));
}

static void look_at_mask(int signal) {
  note(is_blocked(signal));
  note(is_blocked(SIGUSR2));
  block(SIGHUP, 0); /* lasts until the handler ends */
}

static void mask_in_handler(void) {
  handle(SIGUSR1, look_at_mask, 0);
  raise(SIGUSR1);
  CHECK(HEARD(1, 0));
  CHECK(!is_blocked(SIGUSR1) && !is_blocked(SIGHUP));
}

static volatile siginfo_t told;

static void hear_with_info(int signal, siginfo_t *info, void *context) {
  (void)context;
  note(signal);
  told = *info;
}

static void siginfo(void) {
  struct sigaction action = {.sa_sigaction = hear_with_info,
                             .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  CHECK(told.si_signo == SIGUSR1 && told.si_code == SI_TKILL);
  kill(getpid(), SIGUSR1);
  CHECK(told.si_code == SI_USER);
  CHECK(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 7}) == 0);
  CHECK(told.si_code == SI_QUEUE && told.si_value.sival_int == 7);
  told.si_code = 99;
  host_raises(SIGUSR1);
  work();
  CHECK(told.si_code == SI_USER && told.si_value.sival_ptr == NULL);
  CHECK(HEARD(SIGUSR1, SIGUSR1, SIGUSR1, SIGUSR1));
}

static void set_errno(int signal) {
  note(signal);
  errno = ENOSPC;
}

static void keeps_errno(void) {
  signal(SIGUSR1, set_errno);
  errno = EDOM;
  host_raises(SIGUSR1);
  work();
  CHECK(errno == EDOM);
  raise(SIGUSR1);
  CHECK(errno == EDOM);
  CHECK(HEARD(SIGUSR1, SIGUSR1));
}

static void to_others(void) {
  signal(SIGUSR1, hear);
  CHECK(kill(getpid(), 0) == 0);
  CHECK(kill(0, SIGUSR1) == 0);
  CHECK(killpg(getpid(), SIGUSR1) == 0);
  CHECK(HEARD(SIGUSR1, SIGUSR1));
  CHECK(fails(kill(getpid() + 1, SIGUSR1), ESRCH));
  CHECK(fails(sigqueue(1, SIGUSR1, (union sigval){0}), ESRCH));
  CHECK(heard_count == 2);
}

static void out_of_memory(int signal) {
  void *volatile last;
  do last = malloc(1 << 20);
  while (last);
  note(signal);
}

static void no_memory(void) {
  signal(SIGUSR1, out_of_memory);
  signal(SIGUSR2, hear);
  host_raises(SIGUSR1);
  work();
  host_raises(SIGUSR2);
  work();
  raise(SIGUSR1);
  CHECK(HEARD(SIGUSR1, SIGUSR2, SIGUSR1));
}

static void leave_with_3(int signal) {
  note(signal);
  exit(heard[0] == SIGTERM ? 0 : 3);
}

static void never_returns(void) {
  signal(SIGTERM, leave_with_3);
  host_raises(SIGTERM);
  for (;;) continue;
}

static void ending_handler(int signal) {
  note(signal);
  host_raises(SIGUSR2);
  while (heard_count < 50) work(), raise(SIGWINCH);
  exit(0);
}

static void goes_on_in_handler(void) {
  signal(SIGUSR1, ending_handler);
  signal(SIGUSR2, hear);
  signal(SIGWINCH, hear);
  raise(SIGUSR1);
  CHECK(0);
}

/* Has its variables below the stack pointer, and loops. */
static __attribute__((noinline)) int sum_of(const volatile int *numbers) {
  volatile int copy[16];
  int sum = 0;
  for (int i = 0; i < 16; i++) copy[i] = numbers[i];
  for (volatile int turn = 0; turn < 5000; turn++) continue;
  for (int i = 0; i < 16; i++) sum += copy[i];
  return sum;
}

static void use_stack(int signal) {
  char text[600];
  memset(text, 0x55, sizeof text);
  snprintf(text + 100, 400, "%d %f %s", signal, 1.5, "much of the stack");
  note(text[99]);
}

static void red_zone(void) {
  static volatile int numbers[16];
  int sum = 0;
  for (int i = 0; i < 16; i++) sum += numbers[i] = i * 77777;
  signal(SIGUSR1, use_stack);
  for (int i = 0; i < 100; i++) {
    host_raises(SIGUSR1);
    CHECK(sum_of(numbers) == sum);
  }
  CHECK(heard_count == 100);
}

static void by_other_names(void) {
  CHECK(bsd_signal(SIGUSR1, hear) == SIG_DFL);
  struct sigaction action;
  CHECK(sigaction(SIGUSR1, NULL, &action) == 0);
  CHECK(action.sa_handler == hear && action.sa_flags == SA_RESTART);
  CHECK(pthread_kill((pthread_t)0, SIGUSR1) == 0);
  CHECK(pthread_kill((pthread_t)0, 65) == EINVAL && errno == 0);
  CHECK(HEARD(SIGUSR1));
  CHECK(sigignore(SIGUSR1) == 0);
  raise(SIGUSR1);
  CHECK(HEARD(SIGUSR1));
  CHECK(fails(sigignore(SIGKILL), EINVAL));
}

static void one_stack(void) {
  stack_t stack = {.ss_size = SIGSTKSZ};
  CHECK(fails(sigaltstack(&stack, NULL), ENOSYS));
}

static const struct test tests[] = {
    TEST(raise_runs, "raise runs the handler before it returns"),
    TEST(host_runs, "a signal of the host runs its handler in a loop"),
    TEST(every_signal, "every signal but SIGKILL and SIGSTOP can be handled"),
    TEST(word_alone, "a host that knows the word alone is heard"),
    TEST(word_already_taken, "a word whose signal was taken is ignored"),
    TEST(unhosted_word, "without a host nothing comes"),
    TEST(bad_word, "numbers outside 1..64 are passed over"),
    TEST(lowest_first, "of several signals the lowest comes first"),
    TEST(signal_answers, "signal returns the previous handler"),
    TEST(not_a_constant, "SIG_DFL, SIG_IGN and SIG_ERR are no handler's"),
    TEST(bad_numbers, "bad numbers are answered with EINVAL"),
    TEST(untouchable, "SIGKILL and SIGSTOP cannot be handled or ignored"),
    TEST(sigaction_answers, "sigaction returns the previous action"),
    TEST(signal_restarts, "signal sets SA_RESTART, siginterrupt takes it off"),
    TEST(ignored, "SIG_IGN makes nothing happen"),
    TEST(harmless, "signals whose default is harmless do no harm"),
    TEST(ignoring_forgets, "to ignore a signal forgets the one that waits"),
    TEST(resethand, "SA_RESETHAND resets before the handler runs"),
    TEST(stays, "a handler without SA_RESETHAND stays"),
    TEST(deferred, "a signal is blocked while its handler runs"),
    TEST(nodefer, "SA_NODEFER lets a handler interrupt itself"),
    TEST(nests, "another signal interrupts a handler"),
    TEST(waits_for_other, "a handler may wait for a signal that came with it"),
    TEST(sa_mask, "what sa_mask names waits until the handler ends"),
    TEST(full_mask, "a full sa_mask keeps everything out"),
    TEST(mask_in_handler, "the mask is as it was when a handler has ended"),
    TEST(siginfo, "SA_SIGINFO gives the origin of a signal"),
    TEST(keeps_errno, "errno is as it was when a handler has ended"),
    TEST(to_others, "kill reaches only the program itself"),
    TEST(no_memory, "a handler may run out of memory"),
    TEST(never_returns, "a handler may exit out of an endless loop"),
    TEST(goes_on_in_handler, "a program may go on in its handler for ever"),
    TEST(by_other_names, "bsd_signal, pthread_kill and sigignore do as named"),
    TEST(one_stack, "a second stack is answered with ENOSYS"),
    TEST(red_zone, "a handler leaves the stack below the pointer alone"),
};

int main(int argc, char **argv) { return RUN(tests); }
