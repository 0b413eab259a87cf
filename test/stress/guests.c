/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Guests of the storm: memories full of canaries, with an instance's words
 * somewhere among them. A memory is unmapped as soon as remove or destroy has
 * returned. So a store that comes late is a fault; or, if the page has been
 * mapped again meanwhile, it kills a canary there.
 */
#include "storm.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CANARY 0x5a
#define WORDS 16u /* bytes: signal, terminated, pending */

struct common {
  pthread_mutex_t lock;
  unsigned char *memory;
  uint32_t word_at;
  uint32_t owners;
  bool kept;
};

/* ---------------------------------------------------------------- memories */

static void *map_page(void) {
  void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("no memory");
  return memory;
}

static unsigned char *map_memory(uint32_t word_at) {
  unsigned char *memory = map_page();
  memset(memory, CANARY, PAGE);
  memset(memory + word_at, 0, WORDS);
  return memory;
}

static void check_canaries(const unsigned char *memory, uint32_t word_at) {
  for (uint32_t i = 0; i < PAGE; i++)
    if (i - word_at >= WORDS && memory[i] != CANARY) die("a canary is dead");
}

static uint32_t somewhere(uint64_t *random) {
  return pick(random, PAGE / WORDS) * WORDS;
}

/* ------------------------------------------------------------------- words */

static uint32_t *signal_of(const struct guest *guest) {
  return (uint32_t *)(void *)(guest->memory + guest->word_at);
}
static uint32_t *terminated_of(const struct guest *guest) {
  return signal_of(guest) + 1;
}
static uint64_t *pending_of(const struct guest *guest) {
  return (uint64_t *)(void *)(guest->memory + guest->word_at + 8);
}

static void count_taken(uint64_t bits) {
  for (; bits; bits &= bits - 1)
    add_to(&tally->taken[__builtin_ctzll(bits) + 1], 1);
}

/* The words at their end: what is there was raised, or is nothing. */
static void check_words(const struct guest *guest) {
  if (wsig_load_relaxed(signal_of(guest)) > WASMSIG_SIGNAL_MAX)
    die("a signal word holds a number that was not raised");
  if (wsig_load_relaxed(terminated_of(guest)) > 1)
    die("a terminated word holds a number that was not stored");
  if (guest->kind == PLAIN && wsig_load_relaxed(terminated_of(guest)) != 0)
    die("a word that was not tracked has been written");
  if ((guest->kind == PLAIN || guest->kind == GUARDED) &&
      wsig_load_relaxed(pending_of(guest)) != 0)
    die("a pending set that cannot be written has been");
}

/* ---------------------------------------------------------- shared memories */

struct common *common_new(uint64_t *random, bool kept) {
  struct common *common = calloc(1, sizeof *common);
  if (!common) die("no memory");
  pthread_mutex_init(&common->lock, NULL);
  common->word_at = somewhere(random);
  common->kept = kept;
  if (kept) common->memory = map_memory(common->word_at);
  return common;
}

static void common_unmap(struct common *common) {
  struct guest last = {
      .memory = common->memory, .word_at = common->word_at, .kind = SHARED};
  check_words(&last);
  count_taken(wsig_load_relaxed(pending_of(&last)));
  check_canaries(common->memory, common->word_at);
  munmap(common->memory, PAGE);
  common->memory = NULL;
}

static void common_join(struct common *common, struct guest *guest) {
  pthread_mutex_lock(&common->lock);
  if (!common->memory) common->memory = map_memory(common->word_at);
  common->owners++;
  guest->common = common;
  guest->memory = common->memory;
  guest->word_at = common->word_at;
  pthread_mutex_unlock(&common->lock);
}

static void common_part(struct common *common) {
  pthread_mutex_lock(&common->lock);
  if (--common->owners == 0 && !common->kept) common_unmap(common);
  pthread_mutex_unlock(&common->lock);
}

void common_end(struct common *common) {
  if (common->owners != 0) die("a shared memory has owners left");
  if (common->kept) common_unmap(common);
  free(common);
}

/* ------------------------------------------------------------------ guests */

static const wasmsig_memory_class class_of[KINDS] = {
    [PLAIN] = WASMSIG_MEMORY_FIXED,     [FULL] = WASMSIG_MEMORY_FIXED,
    [SHARED] = WASMSIG_MEMORY_SHARED,   [MOVABLE] = WASMSIG_MEMORY_MOVABLE,
    [GUARDED] = WASMSIG_MEMORY_GUARDED,
};

static int track(struct guest *guest) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = guest->memory;
  words.length = PAGE;
  words.memory_class = class_of[guest->kind];
  words.signal = guest->word_at;
  if (guest->kind != PLAIN) words.terminated = guest->word_at + 4;
  if (guest->kind != PLAIN && guest->kind != GUARDED)
    words.pending = guest->word_at + 8;
  return wasmsig_instance_add(guest->registry, &words, &guest->instance);
}

void guest_begin(struct guest *guest, enum kind kind, struct common *common,
                 wasmsig_registry *registry, uint64_t *random) {
  *guest = (struct guest){.registry = registry, .kind = kind};
  if (kind == SHARED) {
    common_join(common, guest);
  } else {
    guest->word_at = somewhere(random);
    guest->memory = map_memory(guest->word_at);
  }
  if (track(guest) != WASMSIG_OK) die("an add failed");
  add_to(&tally->adds, 1);
}

void guest_unmap(struct guest *guest) {
  if (guest->kind == SHARED) {
    common_part(guest->common);
  } else {
    if (guest->locked) mprotect(guest->memory, PAGE, PROT_READ);
    check_words(guest);
    count_taken(wsig_load_relaxed(pending_of(guest)));
    check_canaries(guest->memory, guest->word_at);
    munmap(guest->memory, PAGE);
  }
  guest->memory = NULL;
}

void guest_end(struct guest *guest) {
  if (wasmsig_instance_remove(guest->registry, guest->instance) != WASMSIG_OK)
    die("a remove failed");
  add_to(&tally->removes, 1);
  guest_unmap(guest);
}

uint64_t guest_take(struct guest *guest) {
  if (guest->locked || guest->is_silent) return 0;
  if (guest->kind == MOVABLE &&
      wasmsig_instance_sync(guest->registry, guest->instance, guest->memory,
                            PAGE) < 0)
    die("a sync failed");
  if (wsig_exchange_acquire(signal_of(guest), 0) > WASMSIG_SIGNAL_MAX)
    die("a guest received a signal that was not raised");
  if (guest->kind == PLAIN || guest->kind == GUARDED) return 0;
  uint64_t bits = wsig_exchange_acquire(pending_of(guest), 0);
  count_taken(bits);
  return bits;
}

void guest_move(struct guest *guest) {
  unsigned char *moved = map_page();
  memcpy(moved, guest->memory, PAGE);
  munmap(guest->memory, PAGE);
  guest->memory = moved;
  add_to(&tally->moves, 1);
}

void guest_lock(struct guest *guest, bool locked) {
  int protection = locked ? PROT_NONE : PROT_READ | PROT_WRITE;
  if (mprotect(guest->memory, PAGE, protection) != 0) die("no mprotect");
  guest->locked = locked;
}

bool guarded_works(void) {
  wasmsig_registry *registry;
  uint64_t random = 1;
  if (wasmsig_registry_create(&registry) != WASMSIG_OK) die("no registry");
  struct guest guest = {.registry = registry, .kind = GUARDED};
  guest.word_at = somewhere(&random);
  guest.memory = map_memory(guest.word_at);
  int error = track(&guest);
  wasmsig_registry_destroy(registry);
  munmap(guest.memory, PAGE);
  if (error != WASMSIG_OK && error != WASMSIG_EWRITE) die("an add failed");
  return error == WASMSIG_OK;
}
