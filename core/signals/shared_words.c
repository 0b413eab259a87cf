/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The words of SHARED memories, and how many instances own each set of words.
 *
 * A shared memory may be instantiated in several threads, each with a registry
 * of its own. So its words are known in the whole process. The first owner
 * zeroes them, under `lock` and before it is tracked itself. Later owners find
 * the words in the table and do not write them: a signal may wait there.
 */
#include "signals/shared_words.h"

#include "signals/index.h"

#include <pthread.h>
#include <stdlib.h>

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

/* Finds the words in the table (*found). If they are not there: checks them
 * against the others of their memory. An error code. */
static int find(uintptr_t base, const struct wsig_placed *placed,
                struct wsig_owned *owned, struct shared_words **found) {
  uint32_t at = 0, number;
  *found = NULL;
  while (wsig_index_next(&by_base, base_of, NULL, base, &at, &number)) {
    if (same(&all[number].placed, placed)) {
      *found = &all[number];
      return WASMSIG_OK;
    }
    int error = wsig_words_check_against(placed, &all[number].placed, owned);
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

int wsig_shared_words_join(uintptr_t base, const struct wsig_placed *placed) {
  struct wsig_owned owned = {false, false};
  struct shared_words *found;
  pthread_mutex_lock(&lock);
  int error = find(base, placed, &owned, &found);
  if (!error && found) found->owners++;
  if (!error && !found && !make_room()) error = WASMSIG_ENOMEM;
  if (!error && !found) {
    uint32_t number = take_number();
    all[number] =
        (struct shared_words){.base = base, .placed = *placed, .owners = 1};
    wsig_index_insert(&by_base, base, number);
    wsig_words_zero(placed, &owned, WASMSIG_MEMORY_SHARED);
  }
  pthread_mutex_unlock(&lock);
  return error;
}

void wsig_shared_words_leave(uintptr_t base, const struct wsig_placed *placed) {
  struct wsig_owned owned = {false, false};
  struct shared_words *found;
  pthread_mutex_lock(&lock);
  find(base, placed, &owned, &found);
  if (found && --found->owners == 0) {
    uint32_t number = (uint32_t)(found - all);
    wsig_index_remove(&by_base, base_of, NULL, base, number);
    found->next_free = first_free;
    first_free = number + 1;
  }
  pthread_mutex_unlock(&lock);
}

void wsig_shared_words_lock(void) { pthread_mutex_lock(&lock); }
void wsig_shared_words_unlock(void) { pthread_mutex_unlock(&lock); }
