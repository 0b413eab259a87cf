/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A program of tests: without arguments it names them, with a name it runs
 * that one. Each has a sentence that must be true.
 */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(what)                                             \
  do {                                                          \
    if (!(what)) {                                              \
      printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
      exit(1);                                                  \
    }                                                           \
  } while (0)

struct test {
  const char *name;
  const char *sentence;
  void (*run)(void);
};

#define TEST(name, sentence) {#name, sentence, name}

static inline int run_tests(const struct test *tests, size_t count, int argc,
                            char **argv) {
  for (size_t i = 0; i < count; i++) {
    if (argc < 2) {
      printf("%s\t%s\n", tests[i].name, tests[i].sentence);
    } else if (strcmp(argv[1], tests[i].name) == 0) {
      tests[i].run();
      return 0;
    }
  }
  return argc < 2 ? 0 : 99;
}

#define RUN(tests) run_tests(tests, sizeof tests / sizeof tests[0], argc, argv)

static inline int fails(int result, int error) {
  int is_so = result == -1 && errno == error;
  errno = 0;
  return is_so;
}

static inline int64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* -------------------------------------------------- what comes from outside */

extern volatile uint32_t signal_word __asm__("__instance_signal");
extern volatile uint64_t pending_set __asm__("__instance_signal_pending");

/* Writes the words as a host does (docs/explanation/protocol.md). */
static inline void host_raises(int signal) {
  if (pending_set == UINT64_MAX) pending_set = 0;
  pending_set |= UINT64_C(1) << (signal - 1);
  signal_word = (uint32_t)signal;
}

/* A poll as in a loop: the only way to have exactly one. */
extern volatile uint32_t attention_word __asm__("__instance_signal_attention");
void __instance_signal_deliver(void);

static inline void poll_once(void) {
  if (signal_word | attention_word) __instance_signal_deliver();
}

/* A loop, and in it polls. */
static inline __attribute__((noinline)) void work(void) {
  for (volatile int i = 0; i < 20000; i++) continue;
}

/* -------------------------------------------------------- received signals */

static volatile int heard[200]; /* in this order; exits from handlers as -n */
static volatile int heard_count;

static inline void note(int what) {
  if (heard_count < 200) heard[heard_count++] = what;
}

static inline void hear(int signal) { note(signal); }

static inline int heard_are(int count, const int *what) {
  if (heard_count != count) return 0;
  for (int i = 0; i < count; i++) {
    if (heard[i] != what[i]) return 0;
  }
  return 1;
}

#define HEARD(...) \
  heard_are(sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]){__VA_ARGS__})

static inline sigset_t set_of(int one, int other) {
  sigset_t set;
  sigemptyset(&set);
  if (one) sigaddset(&set, one);
  if (other) sigaddset(&set, other);
  return set;
}

static inline void block(int one, int other) {
  sigset_t set = set_of(one, other);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

static inline void unblock(int one, int other) {
  sigset_t set = set_of(one, other);
  CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static inline int is_blocked(int signal) {
  sigset_t set;
  CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0);
  return sigismember(&set, signal);
}

static inline int is_pending(int signal) {
  sigset_t set;
  CHECK(sigpending(&set) == 0);
  return sigismember(&set, signal);
}

/* Handlers that nothing interrupts: what they note is in their order. */
static inline void handle_alone(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  sigfillset(&action.sa_mask);
  CHECK(sigaction(signal, &action, NULL) == 0);
}

static inline void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  CHECK(sigaction(signal, &action, NULL) == 0);
}

#endif
