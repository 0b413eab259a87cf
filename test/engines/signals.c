/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Raise, clear and forwarded signals, in several threads. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "guests.h"
#include "promises.h"

/* ---------------------------------------------------------- raise and clear */

static uint64_t bit(int signal) { return UINT64_C(1) << (signal - 1); }

PROMISE(raise_sets_word_and_bit) {
  struct guest *guest = open_guest(WORDS_GUEST);
  assert_int_equal(wasmsig_instance_raise(guest->registry, guest->instance, 10),
                   1);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 15), 1);
  assert_int_equal(word_at(guest, SIGNAL_AT), 15);
  assert_int_equal(pending_of(guest), bit(10) | bit(15));
  assert_int_equal(wasmsig_registry_clear(guest->registry, 0), 1);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  engine.close(guest);
}

PROMISE(raise_reaches_all_of_a_registry) {
  wasmsig_registry *registry;
  assert_int_equal(wasmsig_registry_create(&registry), 0);
  struct guest *first = engine.open(SIGNAL_GUEST, USUAL, registry, NULL);
  struct guest *second = engine.open(SIGNAL_GUEST, USUAL, registry, NULL);
  struct guest *other = open_guest(SIGNAL_GUEST);
  assert_int_equal(wasmsig_registry_raise(registry, 2), 2);
  assert_int_equal(word_at(first, SIGNAL_AT), 2);
  assert_int_equal(word_at(second, SIGNAL_AT), 2);
  assert_int_equal(word_at(other, SIGNAL_AT), 0);
  assert_int_equal(wasmsig_process_raise(15), 3);
  assert_int_equal(word_at(other, SIGNAL_AT), 15);
  engine.close(first);
  engine.close(second);
  engine.close(other);
  assert_int_equal(wasmsig_registry_count(registry), 0);
  assert_int_equal(wasmsig_registry_destroy(registry), 0);
}

PROMISE(raise_skips_the_terminated) {
  struct guest *guest = open_guest(WORDS_GUEST);
  set_word(guest, TERMINATED_AT, 7);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 0);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  assert_int_equal(word_at(guest, TERMINATED_AT), 7);
  set_word(guest, TERMINATED_AT, 0);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 1);
  engine.close(guest);
}

PROMISE(terminate_stores_one) {
  struct guest *guest = open_guest(WORDS_GUEST);
  assert_int_equal(wasmsig_registry_terminate(guest->registry), 1);
  assert_int_equal(word_at(guest, TERMINATED_AT), 1);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 0);
  engine.close(guest);
}

static const struct CMUnitTest raise_and_clear[] = {
    KEEPS("raise sets the word and its bit, clear clears the word",
          raise_sets_word_and_bit),
    KEEPS("raise reaches all of a registry, or of the process, and no others",
          raise_reaches_all_of_a_registry),
    KEEPS("raise skips an instance that is terminated",
          raise_skips_the_terminated),
    KEEPS("terminate stores 1 in the terminated word", terminate_stores_one),
};

/* ---------------------------------------------------------------- forwarded */

/* Calls a function after some time, in a thread. */
struct later {
  pthread_t thread;
  unsigned after_ms;
  void (*act)(struct guest *guest);
  struct guest *guest;
};

static void *act_later(void *argument) {
  struct later *later = argument;
  struct timespec pause = {0, (long)later->after_ms * 1000000};
  nanosleep(&pause, NULL);
  later->act(later->guest);
  return NULL;
}

static void start_later(struct later *later) {
  /* The main thread, which runs the guest, receives the process's signals. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  assert_int_equal(pthread_create(&later->thread, NULL, act_later, later), 0);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void interrupt_process(struct guest *guest) {
  (void)guest;
  kill(getpid(), SIGINT);
}

static void raise_user_signal(struct guest *guest) {
  wasmsig_registry_raise(guest->registry, 10);
}

static void raise_kill(struct guest *guest) {
  wasmsig_registry_raise(guest->registry, WASMSIG_SIGKILL);
}

static enum ending call_meanwhile(struct guest *guest, const char *function,
                                  void (*act)(struct guest *guest),
                                  int32_t *result) {
  struct later later = {.after_ms = 20, .act = act, .guest = guest};
  start_later(&later);
  enum ending ending = engine.call(guest, function, 0, result);
  pthread_join(later.thread, NULL);
  return ending;
}

PROMISE(another_thread_raises) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  int32_t signal = 0;
  assert_int_equal(call_meanwhile(guest, "spin", raise_user_signal, &signal),
                   RETURNED);
  assert_int_equal(signal, 10);
  engine.close(guest);
}

PROMISE(interrupt_reaches_a_busy_guest) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  assert_int_equal(wasmsig_forward_start(SIGINT, 0), 0);
  int32_t signal = 0;
  enum ending ending =
      call_meanwhile(guest, "spin", interrupt_process, &signal);
  assert_int_equal(wasmsig_forward_stop(SIGINT), 0);
  assert_int_equal(ending, RETURNED);
  assert_int_equal(signal, WASMSIG_SIGINT);
  engine.close(guest);
}

PROMISE(kill_in_the_word_traps) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  int32_t result = 0;
  assert_int_equal(call_meanwhile(guest, "obey", raise_kill, &result), TRAPPED);
  wasmsig_registry_clear(guest->registry, 0);
  assert_works(guest);
  engine.close(guest);
}

static const struct CMUnitTest forwarded[] = {
    KEEPS("a signal of the process reaches a busy guest",
          interrupt_reaches_a_busy_guest),
    KEEPS("a signal that another thread raises reaches a guest in its loop",
          another_thread_raises),
    KEEPS("a guest that reads SIGKILL in its word traps",
          kill_in_the_word_traps),
};

/* ------------------------------------------------------------------ threads */

struct spinning {
  struct guest *guest;
  int32_t signal;
  atomic_bool is_running;
};

static void *spin_in_thread(void *argument) {
  struct spinning *spinning = argument;
  engine.enter_thread();
  atomic_store(&spinning->is_running, true);
  engine.call(spinning->guest, "spin", 0, &spinning->signal);
  engine.leave_thread();
  return NULL;
}

PROMISE(both_threads_receive) {
  struct guest *guest = open_guest(SHARED_IMPORTING_GUEST);
  struct guest *twin =
      engine.open(SHARED_IMPORTING_GUEST, USUAL, guest->registry, guest);
  struct spinning spinning = {.guest = twin};
  pthread_t thread;
  pthread_create(&thread, NULL, spin_in_thread, &spinning);
  while (!atomic_load(&spinning.is_running)) usleep(100);
  int32_t signal = 0;
  enum ending ending =
      call_meanwhile(guest, "spin", raise_user_signal, &signal);
  pthread_join(thread, NULL);
  assert_int_equal(ending, RETURNED);
  assert_int_equal(guest->memory_class, WASMSIG_MEMORY_SHARED);
  assert_int_equal(signal, 10);
  assert_int_equal(spinning.signal, 10);
  engine.close(twin);
  engine.close(guest);
}

PROMISE(the_second_keeps_the_signal) {
  struct guest *guest = open_guest(SHARED_IMPORTING_GUEST);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 10), 1);
  struct guest *twin =
      engine.open(SHARED_IMPORTING_GUEST, USUAL, guest->registry, guest);
  assert_int_equal(word_at(twin, SIGNAL_AT), 10);
  engine.close(twin);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 12), 1);
  assert_int_equal(word_at(guest, SIGNAL_AT), 12);
  engine.close(guest);
}

PROMISE(own_shared_memory) {
  struct guest *guest = open_guest(SHARED_GUEST);
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(guest->memory_class, WASMSIG_MEMORY_SHARED);
  int32_t signal = 0;
  assert_int_equal(call_meanwhile(guest, "spin", raise_user_signal, &signal),
                   RETURNED);
  assert_int_equal(signal, 10);
  engine.close(guest);
}

static const struct CMUnitTest threads[] = {
    KEEPS("two threads with one shared memory both receive a signal",
          both_threads_receive),
    KEEPS("a pending signal is not lost when a second thread starts",
          the_second_keeps_the_signal),
    KEEPS("a module's own shared memory is tracked", own_shared_memory),
};

const struct row rows_of_signals[] = {
    ROW("raise and clear reach their targets, but no terminated instance",
        raise_and_clear),
    ROW("Ctrl-C and other signals reach a busy guest", forwarded),
    ROW("Threads and shared memories", threads),
};
const size_t rows_of_signals_count =
    sizeof rows_of_signals / sizeof rows_of_signals[0];
