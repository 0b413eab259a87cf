/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A guest for the registry's tests: a page of canaries with the three words
 * among them, so that a store beside a word is seen.
 */
#ifndef WSIG_TEST_CANARY_GUEST_H
#define WSIG_TEST_CANARY_GUEST_H

#include "wasmsig/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* After the headers that it needs. */
#include <cmocka.h>

/* A test. Its name is a sentence that says what holds. */
#define TEST(sentence) \
  static void sentence(void **unused_state __attribute__((unused)))

#define LENGTH 4096
#define SIGNAL_AT 64
#define TERMINATED_AT 128
#define PENDING_AT 192
#define START 0xffffu /* what the words hold before they are tracked */

/* Words inside bytes: they alias both. */
typedef uint32_t __attribute__((may_alias)) word32;
typedef uint64_t __attribute__((may_alias)) word64;

struct guest {
  _Alignas(8) unsigned char memory[LENGTH];
};

static inline word32 *signal_of(struct guest *guest) {
  return (word32 *)(void *)&guest->memory[SIGNAL_AT];
}
static inline word32 *terminated_of(struct guest *guest) {
  return (word32 *)(void *)&guest->memory[TERMINATED_AT];
}
static inline word64 *pending_of(struct guest *guest) {
  return (word64 *)(void *)&guest->memory[PENDING_AT];
}

static inline struct guest *new_guest(void) {
  struct guest *guest = malloc(sizeof *guest);
  assert_non_null(guest);
  memset(guest, 0xa5, sizeof *guest);
  *signal_of(guest) = START;
  *terminated_of(guest) = 0;
  *pending_of(guest) = START;
  return guest;
}

static inline void assert_canaries(const struct guest *guest) {
  for (size_t i = 0; i < LENGTH; i++) {
    if (i >= SIGNAL_AT && i < SIGNAL_AT + 4) continue;
    if (i >= TERMINATED_AT && i < TERMINATED_AT + 4) continue;
    if (i >= PENDING_AT && i < PENDING_AT + 8) continue;
    if (guest->memory[i] != 0xa5) fail_msg("byte %zu was written", i);
  }
}

static inline wasmsig_words words_of(struct guest *guest) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = guest->memory;
  words.length = LENGTH;
  words.memory_class = WASMSIG_MEMORY_FIXED;
  words.signal = SIGNAL_AT;
  words.terminated = TERMINATED_AT;
  words.pending = PENDING_AT;
  return words;
}

static inline wasmsig_registry *new_registry(void) {
  wasmsig_registry *registry = NULL;
  assert_int_equal(wasmsig_registry_create(&registry), WASMSIG_OK);
  return registry;
}

static inline wasmsig_instance add(wasmsig_registry *registry,
                                   struct guest *guest) {
  wasmsig_words words = words_of(guest);
  wasmsig_instance instance = 0;
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                   WASMSIG_OK);
  assert_int_not_equal(instance, 0);
  return instance;
}

/* Adds the words; the test expects success. */
static inline wasmsig_instance add_words(wasmsig_registry *registry,
                                         const wasmsig_words *words) {
  wasmsig_instance instance = 0;
  assert_int_equal(wasmsig_instance_add(registry, words, &instance),
                   WASMSIG_OK);
  return instance;
}

#endif
