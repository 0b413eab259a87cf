/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A guest, a host's handlers, and the process's signals between them. */
#ifndef WSIG_TEST_FORWARDING_H
#define WSIG_TEST_FORWARDING_H

#include "support.h"

#include <errno.h>

static wasmsig_registry *registry;
static struct guest guest;

/* --------------------------------------------------- handlers of the host */

static volatile int handled;              /* how often */
static volatile int handled_signal;       /* which */
static volatile uint32_t word_at_handler; /* what the guest had by then */

static inline void handle(int signal) {
  handled++;
  handled_signal = signal;
  word_at_handler = guest_signal(&guest);
}

static inline void set_action(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  if (sigaction(signal, &action, NULL) != 0) abort();
}

static inline struct sigaction action_of(int signal) {
  struct sigaction action;
  if (sigaction(signal, NULL, &action) != 0) abort();
  return action;
}

static inline void start(int signal) {
  assert_int_equal(wasmsig_forward_start(signal, 0), WASMSIG_OK);
}

static inline int set_scene(void **unused_state) {
  (void)unused_state;
  handled = handled_signal = 0;
  word_at_handler = 0;
  if (wasmsig_registry_create(&registry) != WASMSIG_OK) return -1;
  guest_track(&guest, registry);
  return 0;
}

static inline int strike_scene(void **unused_state) {
  (void)unused_state;
  const int used[] = {SIGINT, SIGUSR1, SIGUSR2, SIGCHLD};
  for (size_t i = 0; i < 4; i++) {
    wasmsig_forward_stop(used[i]);
    set_action(used[i], SIG_DFL, 0);
  }
  return wasmsig_registry_destroy(registry);
}

#define IN_SCENE(sentence) \
  cmocka_unit_test_setup_teardown(sentence, set_scene, strike_scene)

#endif
