/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the unit tests share: cmocka, a guest made of plain memory, a child
 * process, another thread.
 */
#ifndef WSIG_TEST_SUPPORT_H
#define WSIG_TEST_SUPPORT_H

#include "atomics.h"
#include "wasmsig/host.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* After the headers that it needs. */
#include <cmocka.h>

/* How long a process of a test may take: a guard against hanging, on a machine
 * that does much besides. No verdict depends on it. */
#define PATIENCE_S 600u

/* A test. Its name is a sentence that says what holds. */
#define TEST(sentence) \
  static void sentence(void **unused_state __attribute__((unused)))

/* ThreadSanitizer ends a child that starts threads, unless this is set. */
const char *__tsan_default_options(void);
__attribute__((visibility("default"))) inline const char *
__tsan_default_options(void) {
  return "die_after_fork=0";
}
extern inline const char *__tsan_default_options(void);

/* ---------------------------------------------------------------- guests */

/* An instance's memory: a signal word, a terminated word, a pending set, and
 * if requested, the set of signals that it handles. */
struct guest {
  uint32_t signal;
  uint32_t terminated;
  uint64_t pending;
  uint64_t handled;
  wasmsig_instance instance;
};

static inline void guest_track_as(struct guest *guest,
                                  wasmsig_registry *registry,
                                  wasmsig_words words) {
  words.memory = guest;
  words.length = offsetof(struct guest, instance);
  words.signal = offsetof(struct guest, signal);
  words.terminated = offsetof(struct guest, terminated);
  words.pending = offsetof(struct guest, pending);
  if (wasmsig_instance_add(registry, &words, &guest->instance) != WASMSIG_OK)
    abort();
}

/* Tracks the guest; with it, its words become 0. */
static inline void guest_track(struct guest *guest,
                               wasmsig_registry *registry) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  memset(guest, 0, sizeof *guest);
  words.memory_class = WASMSIG_MEMORY_FIXED;
  guest_track_as(guest, registry, words);
}

/* The same with a handled set, as it is in `guest`. */
static inline void guest_track_handling(struct guest *guest,
                                        wasmsig_registry *registry,
                                        wasmsig_memory_class memory_class) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory_class = memory_class;
  words.handled = offsetof(struct guest, handled);
  guest_track_as(guest, registry, words);
}

/* The signal that waits, or 0. */
static inline uint32_t guest_signal(const struct guest *guest) {
  return wsig_load_acquire(&guest->signal);
}

static inline bool guest_terminated(const struct guest *guest) {
  return wsig_load_acquire(&guest->terminated) != 0;
}

/* What a guest does once it has seen a signal. */
static inline void guest_acknowledge(struct guest *guest) {
  wsig_store_release(&guest->signal, 0);
  wsig_store_release(&guest->pending, 0);
}

/* --------------------------------------------------- processes, threads */

/* Waits for a child. A child that hangs, also after its alarm, is killed. */
static inline int wsig_test_end_of(pid_t child) {
  const struct timespec a_little = {0, 500000};
  int status = 0;
  pid_t ended = 0;
  for (int turn = 0; (ended = waitpid(child, &status, WNOHANG)) == 0; turn++) {
    if (turn == 180000) kill(child, SIGKILL); /* 90 s */
    nanosleep(&a_little, NULL);
  }
  if (ended != child) abort();
  return status;
}

/* Waits until all other threads of the process sleep, or for a while. A fork
 * copies the locks of AddressSanitizer's allocator as they are (GCC 12 has no
 * handler for forks there), so that no thread may be in it: one that starts is.
 */
static inline void wsig_test_wait_for_sleep(void) {
#if defined(__SANITIZE_ADDRESS__)
  const struct timespec a_little = {0, 500000};
  bool is_quiet = false;
  for (int turn = 0; !is_quiet && turn < 400; turn++) {
    nanosleep(&a_little, NULL);
    is_quiet = true;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) abort();
    for (struct dirent *task; (task = readdir(tasks));) {
      char path[300], state = 'S';
      if (task->d_name[0] == '.' || atoi(task->d_name) == gettid()) continue;
      snprintf(path, sizeof path, "/proc/self/task/%s/stat", task->d_name);
      FILE *stat = fopen(path, "r");
      if (!stat) continue; /* it has ended */
      if (fscanf(stat, "%*d (%*[^)]) %c", &state) == 1 && state != 'S')
        is_quiet = false;
      fclose(stat);
    }
    closedir(tasks);
  }
#endif
}

/* A fork in a test: nothing is printed twice, and no lock stays taken. */
static inline pid_t wsig_test_fork(void) {
  fflush(NULL);
  wsig_test_wait_for_sleep();
  return fork();
}

/* Runs `body` in a child process; answers its status from waitpid(2). The
 * child has no cmocka: it uses CHILD_ASSERT, and ends well with 0. */
static inline int in_a_child(void (*body)(void)) {
  pid_t child = wsig_test_fork();
  if (child < 0) abort();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(PATIENCE_S);
    body();
    _exit(0);
  }
  return wsig_test_end_of(child);
}

#define CHILD_ASSERT(condition)                                               \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      _exit(1);                                                               \
    }                                                                         \
  } while (0)

#define assert_child_is_well(body) assert_int_equal(in_a_child(body), 0)

/* Calls `what` with the budget in a thread of its own, and waits for it. */
struct wsig_test_call {
  int (*what)(wasmsig_budget *budget);
  wasmsig_budget *budget;
  int result;
};

static inline void *wsig_test_call_body(void *argument) {
  struct wsig_test_call *call = argument;
  call->result = call->what(call->budget);
  return NULL;
}

static inline int in_another_thread(int (*what)(wasmsig_budget *),
                                    wasmsig_budget *budget) {
  struct wsig_test_call call = {.what = what, .budget = budget};
  pthread_t thread;
  if (pthread_create(&thread, NULL, wsig_test_call_body, &call) != 0) abort();
  pthread_join(thread, NULL);
  return call.result;
}

#endif
