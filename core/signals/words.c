/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Words: what is checked of them before anything is tracked, and who owns
 * those of shared memories.
 *
 * A shared memory may be instantiated in several threads, each with a registry
 * of its own. So its words are kept process-wide, with a count of owners: the
 * first owner zeroes them, under `lock` and before it is tracked itself; the
 * others find them known and leave a signal that waits there alone.
 */
#include "signals/words.h"

#include "atomics.h"
#include "os/handler.h"
#include "signals/index.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- checks */

int wsig_words_copy(wasmsig_words *words, const wasmsig_words *given) {
  if (!given || given->size < offsetof(wasmsig_words, handled))
    return WASMSIG_EINVAL;
  bool is_old = given->size < sizeof *words;
  *words = (wasmsig_words)WASMSIG_WORDS_INIT;
  memcpy(words, given,
         is_old ? offsetof(wasmsig_words, handled) : sizeof *words);
  words->size = sizeof *words;
  return WASMSIG_OK;
}

static int check_word(const wasmsig_words *words, uint64_t address,
                      uint64_t size) {
  if (address == WASMSIG_NO_WORD) return WASMSIG_OK;
  if (size > words->length || address > words->length - size)
    return WASMSIG_ERANGE;
  return address % size == 0 ? WASMSIG_OK : WASMSIG_EALIGN;
}

/* Both were checked, so the sums do not overflow. */
static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
  if (a == WASMSIG_NO_WORD || b == WASMSIG_NO_WORD) return false;
  return a < b + b_size && b < a + a_size;
}

static bool do_overlap(const wasmsig_words *words) {
  const uint64_t at[] = {words->signal, words->terminated, words->pending,
                         words->handled};
  const uint64_t size[] = {4, 4, 8, 8};
  for (int b = 1; b < 4; b++)
    for (int a = 0; a < b; a++)
      if (overlap(at[a], size[a], at[b], size[b])) return true;
  return false;
}

int wsig_words_check(const wasmsig_words *words) {
  if (!words->memory) return WASMSIG_EINVAL;
  if (words->signal == WASMSIG_NO_WORD &&
      words->terminated == WASMSIG_NO_WORD && words->pending == WASMSIG_NO_WORD)
    return WASMSIG_EINVAL;
  if ((unsigned)words->memory_class > WASMSIG_MEMORY_GUARDED)
    return WASMSIG_EINVAL;
  uintptr_t base = (uintptr_t)words->memory;
  if (words->length > UINTPTR_MAX - base) return WASMSIG_ERANGE;
  int error = check_word(words, words->signal, 4);
  if (!error) error = check_word(words, words->terminated, 4);
  if (!error) error = check_word(words, words->pending, 8);
  if (!error) error = check_word(words, words->handled, 8);
  if (!error && base % 8 != 0) error = WASMSIG_EALIGN;
  if (!error && do_overlap(words)) error = WASMSIG_EOVERLAP;
  return error;
}

static void *place(const wasmsig_words *words, uint64_t address) {
  if (address == WASMSIG_NO_WORD) return NULL;
  return (char *)words->memory + address;
}

struct wsig_placed wsig_words_place(const wasmsig_words *words) {
  return (struct wsig_placed){.signal = place(words, words->signal),
                              .terminated = place(words, words->terminated),
                              .pending = place(words, words->pending),
                              .handled = place(words, words->handled)};
}

/* -------------------------------------------------------------- meetings */

static bool touch(const void *a, uint64_t a_size, const void *b,
                  uint64_t b_size) {
  if (!a || !b) return false;
  return overlap((uintptr_t)a, a_size, (uintptr_t)b, b_size);
}

int wsig_words_meet(const struct wsig_placed *mine,
                    const struct wsig_placed *other, struct wsig_known *known) {
  /* Words of one size and role are aligned to it: they touch only as one. The
   * handled set is its guest's, and not written: it may lie anywhere. */
  bool crossed = touch(mine->signal, 4, other->terminated, 4) ||
                 touch(mine->signal, 4, other->pending, 8) ||
                 touch(mine->terminated, 4, other->signal, 4) ||
                 touch(mine->terminated, 4, other->pending, 8) ||
                 touch(mine->pending, 8, other->signal, 4) ||
                 touch(mine->pending, 8, other->terminated, 4);
  if (crossed) return WASMSIG_EOVERLAP;
  if (mine->signal && mine->signal == other->signal) known->signal = true;
  if (mine->pending && mine->pending == other->pending) known->pending = true;
  return WASMSIG_OK;
}

bool wsig_words_zero(const struct wsig_placed *placed,
                     const struct wsig_known *known,
                     wasmsig_memory_class memory_class) {
  const uint32_t zero = 0;
  uint32_t *signal = known->signal ? NULL : placed->signal;
  uint64_t *pending = known->pending ? NULL : placed->pending;
  if (memory_class == WASMSIG_MEMORY_GUARDED)
    return !signal || wsig_os_poke(signal, zero);
  if (signal) wsig_store_relaxed(signal, zero);
  if (pending) wsig_store_relaxed(pending, zero);
  return true;
}

/* -------------------------------------------------------- shared memories */

struct shared_words {
  uintptr_t base;
  struct wsig_placed placed;
  uint32_t owners;    /* 0: free */
  uint32_t next_free; /* of a free one, + 1; 0: none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct wsig_index by_base;
static struct shared_words *all;
static uint32_t count, capacity, first_free; /* first_free + 1; 0: none */

static uintptr_t base_of(const void *unused, uint32_t number) {
  (void)unused;
  return all[number].base;
}

static bool same(const struct wsig_placed *a, const struct wsig_placed *b) {
  return a->signal == b->signal && a->terminated == b->terminated &&
         a->pending == b->pending && a->handled == b->handled;
}

/* The words themselves if they are there (as *found), what they share with
 * others of their memory if not. */
static int meet_all(uintptr_t base, const struct wsig_placed *placed,
                    struct wsig_known *known, struct shared_words **found) {
  uint32_t at = 0, number;
  *found = NULL;
  while (wsig_index_next(&by_base, base_of, NULL, base, &at, &number)) {
    if (same(&all[number].placed, placed)) {
      *found = &all[number];
      return WASMSIG_OK;
    }
    int error = wsig_words_meet(placed, &all[number].placed, known);
    if (error) return error;
  }
  return WASMSIG_OK;
}

static bool make_room(void) {
  if (!wsig_index_reserve(&by_base, base_of, NULL)) return false;
  if (first_free || count < capacity) return true;
  uint32_t wider = capacity ? 2 * capacity : 16;
  struct shared_words *moved = realloc(all, wider * sizeof *all);
  if (!moved) return false;
  all = moved;
  capacity = wider;
  return true;
}

static uint32_t take_number(void) {
  if (!first_free) return count++;
  uint32_t number = first_free - 1;
  first_free = all[number].next_free;
  return number;
}

int wsig_shared_join(uintptr_t base, const struct wsig_placed *placed) {
  struct wsig_known known = {false, false};
  struct shared_words *found;
  pthread_mutex_lock(&lock);
  int error = meet_all(base, placed, &known, &found);
  if (!error && found) found->owners++;
  if (!error && !found && !make_room()) error = WASMSIG_ENOMEM;
  if (!error && !found) {
    uint32_t number = take_number();
    all[number] =
        (struct shared_words){.base = base, .placed = *placed, .owners = 1};
    wsig_index_insert(&by_base, base, number);
    wsig_words_zero(placed, &known, WASMSIG_MEMORY_SHARED);
  }
  pthread_mutex_unlock(&lock);
  return error;
}

void wsig_shared_part(uintptr_t base, const struct wsig_placed *placed) {
  struct wsig_known known = {false, false};
  struct shared_words *found;
  pthread_mutex_lock(&lock);
  meet_all(base, placed, &known, &found);
  if (found && --found->owners == 0) {
    uint32_t number = (uint32_t)(found - all);
    wsig_index_remove(&by_base, base_of, NULL, base, number);
    found->next_free = first_free;
    first_free = number + 1;
  }
  pthread_mutex_unlock(&lock);
}

void wsig_shared_lock(void) { pthread_mutex_lock(&lock); }
void wsig_shared_unlock(void) { pthread_mutex_unlock(&lock); }
