/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Raise, clear and sync; instances that come and go. Memories lie side by side
 * at a fixed address: the registry finds them again by a hash of it.
 */
#include "paths.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <wasmsig/host.h>

#define MANY 1000u
#define MEMORY ((size_t)4096)
#define ARENA ((void *)(uintptr_t)UINT64_C(0x200000000000))
#define SIGNAL WASMSIG_SIGXCPU

/* Where the words are in a memory. */
enum { PENDING = 64, WORD = 72, TERMINATED = 76 };

static wasmsig_registry *registry;
static wasmsig_instance one; /* the last of the registry's instances */
static char *arena;

static void map_arena(void) {
  if (arena) return;
  arena = mmap(ARENA, (MANY + 1) * MEMORY, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (arena == ARENA) return;
  perror("instructions: mmap");
  exit(EXIT_FAILURE);
}

static wasmsig_words words_of(size_t number, wasmsig_memory_class class) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = arena + number * MEMORY;
  words.length = MEMORY;
  words.memory_class = class;
  words.signal = WORD;
  words.terminated = TERMINATED;
  words.pending = PENDING;
  return words;
}

static void add(size_t number, wasmsig_memory_class class) {
  wasmsig_words words = words_of(number, class);
  check(wasmsig_instance_add(registry, &words, &one), "add");
}

static void begin(size_t count, wasmsig_memory_class class) {
  map_arena();
  check(wasmsig_registry_create(&registry), "create");
  for (size_t i = 0; i < count; i++) add(i, class);
}

static void begin_none(void) { begin(0, WASMSIG_MEMORY_FIXED); }
static void begin_one(void) { begin(1, WASMSIG_MEMORY_FIXED); }
static void begin_many(void) { begin(MANY, WASMSIG_MEMORY_FIXED); }
static void begin_movable(void) { begin(MANY, WASMSIG_MEMORY_MOVABLE); }
static void end(void) { check(wasmsig_registry_destroy(registry), "destroy"); }

static void raise_registry(void) {
  check(wasmsig_registry_raise(registry, SIGNAL), "raise");
}

static void raise_instance(void) {
  check(wasmsig_instance_raise(registry, one, SIGNAL), "raise");
}

static void raise_process(void) {
  check(wasmsig_process_raise(SIGNAL), "raise");
}

static void raise_and_clear(void) {
  raise_registry();
  check(wasmsig_registry_clear(registry, SIGNAL), "clear");
}

static void raise_and_sync(void) {
  raise_instance();
  check(
      wasmsig_instance_sync(registry, one, arena + (MANY - 1) * MEMORY, MEMORY),
      "sync");
}

static void add_and_remove(void) {
  add(MANY, WASMSIG_MEMORY_FIXED);
  check(wasmsig_instance_remove(registry, one), "remove");
}

static void add_and_remove_shared(void) {
  add(MANY, WASMSIG_MEMORY_SHARED);
  check(wasmsig_instance_remove(registry, one), "remove");
}

static const struct path list[] = {
    {"raise: an instance", begin_many, raise_instance, end, 1000},
    {"raise: a registry of 1", begin_one, raise_registry, end, 1000},
    {"raise: a registry of 1000", begin_many, raise_registry, end, 10},
    {"raise: a registry of 1000, movable", begin_movable, raise_registry, end,
     10},
    {"raise: the process, 1000 instances", begin_many, raise_process, end, 10},
    {"raise and clear: a registry of 1000", begin_many, raise_and_clear, end,
     10},
    {"raise and sync: a movable instance", begin_movable, raise_and_sync, end,
     1000},
    {"add and remove: alone", begin_none, add_and_remove, end, 1000},
    {"add and remove: beside 1000", begin_many, add_and_remove, end, 1000},
    {"add and remove: a shared memory", begin_none, add_and_remove_shared, end,
     1000},
};

const struct paths registry_paths = {list, sizeof list / sizeof *list};
