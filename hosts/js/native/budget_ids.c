/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Ids of budgets, for all environments of the process.
 *
 * An id is a number that JavaScript can post: the place of the budget in a
 * table, and how often that place was used. So the id of a budget that is gone
 * never is that of another one: a place whose count is at its end is not used
 * again.
 *
 * A budget exists as long as it is in the table: kills, resets and the
 * destruction of a budget that has an id are done under `lock`. The core takes
 * its own locks inside it, and calls nothing that takes this one.
 */
#include "budget_ids.h"

#include <pthread.h>
#include <stdlib.h>

#define PLACES (UINT64_C(1) << 24)
#define MOST_USES (UINT64_C(1) << 29) /* an id stays below 2^53 */

struct place {
  struct held_budget *held; /* NULL: free */
  uint64_t uses;            /* since the process began; 0: never used */
  size_t next_free;         /* index + 1; 0: the last one */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. */
static struct place *places;
static size_t count, room;
static size_t first_free; /* index + 1; 0: none */

static bool make_room(void) {
  if (count < room) return true;
  size_t larger = room ? 2 * room : 64;
  struct place *moved = NULL;
  if (larger <= PLACES) moved = realloc(places, larger * sizeof *moved);
  if (!moved) return false;
  places = moved;
  room = larger;
  return true;
}

static struct place *take_place(void) {
  if (first_free) {
    struct place *place = &places[first_free - 1];
    first_free = place->next_free;
    return place;
  }
  if (!make_room()) return NULL;
  places[count] = (struct place){0};
  return &places[count++];
}

static double id_of(const struct place *place) {
  return (double)(place->uses * PLACES + (uint64_t)(place - places));
}

double budget_id_of(struct held_budget *held) {
  pthread_mutex_lock(&lock);
  struct place *place = held->id == 0 ? take_place() : NULL;
  if (place) {
    place->held = held;
    place->uses++;
    held->id = id_of(place);
  }
  double id = held->id;
  pthread_mutex_unlock(&lock);
  return id;
}

/* NULL: no budget has this id. */
static struct place *find(double id) {
  if (!(id >= (double)PLACES && id < (double)(PLACES * MOST_USES))) return NULL;
  size_t at = (size_t)((uint64_t)id % PLACES);
  if (at >= count || !places[at].held) return NULL;
  return id_of(&places[at]) == id ? &places[at] : NULL;
}

static void free_place(struct place *place) {
  place->held = NULL;
  if (place->uses + 1 >= MOST_USES) return;
  place->next_free = first_free;
  first_free = (size_t)(place - places) + 1;
}

int budget_id_destroy(struct held_budget *held) {
  if (held->id == 0) return wasmsig_budget_destroy(&held->budget);
  pthread_mutex_lock(&lock);
  int error = wasmsig_budget_destroy(&held->budget);
  struct place *place = find(held->id);
  if (error != WASMSIG_EBUSY && place) free_place(place);
  pthread_mutex_unlock(&lock);
  return error;
}

int budget_id_reset(struct held_budget *held,
                    const wasmsig_budget_options *options) {
  pthread_mutex_lock(&lock);
  int error = wasmsig_budget_reset(&held->budget, options);
  pthread_mutex_unlock(&lock);
  return error;
}

bool budget_id_kill(double id, int *error) {
  pthread_mutex_lock(&lock);
  const struct place *place = find(id);
  if (place) *error = wasmsig_budget_kill(&place->held->budget);
  pthread_mutex_unlock(&lock);
  return place;
}
