/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Owners of the storm: threads that change registries, and check what they
 * are promised while the others raise.
 */
#include "storm.h"

#include <sched.h>
#include <string.h>

#define HELD 48u

/* ------------------------------------------------------------ add, remove */

static enum kind any_kind(uint64_t *random) {
  static const enum kind kinds[] = {PLAIN,  PLAIN,   PLAIN,   FULL,    FULL,
                                    FULL,   FULL,    SHARED,  SHARED,  SHARED,
                                    SHARED, MOVABLE, MOVABLE, MOVABLE, GUARDED};
  enum kind kind = kinds[pick(random, sizeof kinds / sizeof *kinds)];
  return kind == GUARDED && !scene.guarded ? PLAIN : kind;
}

/* The words of a steady guest get a second owner, in another registry. */
static void join_steady(struct guest *guest, wasmsig_registry *registry,
                        uint64_t *random) {
  struct common *common = scene.kept[pick(random, STEADY)];
  if (!common) return;
  guest_begin(guest, SHARED, common, registry, random);
  guest->is_silent = true;
}

static void publish_handle(const struct guest *guest, uint64_t *random) {
  uint32_t at = pick(random, HANDLES);
  wsig_store_relaxed(&scene.handles[at].registry, guest->registry);
  wsig_store_relaxed(&scene.handles[at].instance, guest->instance);
}

static void begin_some(struct guest *guest, uint64_t *random) {
  wasmsig_registry *registry = scene.lasting[pick(random, LASTING)];
  if (pick(random, 16) == 0)
    join_steady(guest, registry, random);
  else
    guest_begin(guest, any_kind(random), scene.commons[pick(random, COMMONS)],
                registry, random);
  if (guest->memory) publish_handle(guest, random);
}

/* No other thread takes or clears this signal: it is there, or it was lost. */
static void check_promise(struct guest *guest) {
  if (guest->kind != FULL && guest->kind != MOVABLE) return;
  int64_t reached =
      wasmsig_instance_raise(guest->registry, guest->instance, OWNERS_SIGNAL);
  if (reached != !guest->terminated)
    die("a raise did not reach its owner's instance, or a dead one");
  uint64_t bits = guest_take(guest);
  if (reached && !(bits >> (OWNERS_SIGNAL - 1) & 1))
    die("a raise that reached the instance is not in its pending set");
  add_to(&tally->reached[OWNERS_SIGNAL], (uint64_t)reached);
  add_to(&tally->total, (uint64_t)reached);
  add_to(&tally->promises, 1);
}

static void terminate(struct guest *guest) {
  if (guest->kind == PLAIN || guest->kind == SHARED || guest->locked) return;
  if (wasmsig_instance_terminate(guest->registry, guest->instance) != 1)
    die("a terminate did not reach its owner's instance");
  guest->terminated = true;
}

static void use(struct guest *guest, uint64_t *random) {
  switch (pick(random, 8)) {
    case 0: terminate(guest); break;
    case 1:
    case 2: check_promise(guest); break;
    case 3:
      if (guest->kind == MOVABLE) guest_move(guest);
      if (guest->kind == GUARDED) guest_lock(guest, !guest->locked);
      guest_take(guest);
      break;
    default: guest_take(guest); break;
  }
}

void *add_and_remove(void *seed) {
  uint64_t random = (uintptr_t)seed;
  struct guest guests[HELD];
  memset(guests, 0, sizeof guests);
  tally_begin();
  timer_begin();
  while (!storm_is_over()) {
    struct guest *guest = &guests[pick(&random, HELD)];
    if (!guest->memory)
      begin_some(guest, &random);
    else if (pick(&random, 2) == 0)
      guest_end(guest);
    else
      use(guest, &random);
  }
  for (uint32_t i = 0; i < HELD; i++)
    if (guests[i].memory) guest_end(&guests[i]);
  timer_end();
  return NULL;
}

/* --------------------------------------------------------- create, destroy */

#define CROWD 200u /* more than three chunks */

static void pass_by(uint64_t *random) {
  static struct guest guests[CROWD]; /* one thread does this */
  uint32_t count = pick(random, 32) == 0 ? CROWD : pick(random, 8);
  wasmsig_registry *registry;
  if (wasmsig_registry_create(&registry) != WASMSIG_OK) die("a create failed");
  /* Release: a thread that raises there reads it complete. */
  wsig_store_release(&scene.passing[pick(random, PASSING)], registry);
  for (uint32_t i = 0; i < count; i++)
    guest_begin(&guests[i], any_kind(random),
                scene.commons[pick(random, COMMONS)], registry, random);
  for (uint32_t i = 0; i < count; i += 3) guest_take(&guests[i]);
  if (count && pick(random, 2)) guest_end(&guests[pick(random, count)]);
  if (wasmsig_registry_destroy(registry) != WASMSIG_OK) die("a destroy failed");
  for (uint32_t i = 0; i < count; i++)
    if (guests[i].memory) guest_unmap(&guests[i]);
  add_to(&tally->destroys, 1);
}

void *create_and_destroy(void *seed) {
  uint64_t random = (uintptr_t)seed;
  tally_begin();
  timer_begin();
  while (!storm_is_over()) pass_by(&random);
  timer_end();
  return NULL;
}

/* ------------------------------------------------------------------ steady */

void steady_begin(uint64_t *random) {
  static const enum kind kinds[] = {FULL, MOVABLE, SHARED};
  if (wasmsig_registry_create(&scene.steady_registry) != WASMSIG_OK)
    die("a create failed");
  for (uint32_t i = 0; i < STEADY; i++) {
    enum kind kind = kinds[i % 3];
    if (kind == SHARED) scene.kept[i] = common_new(random, true);
    guest_begin(&scene.steady[i].guest, kind, scene.kept[i],
                scene.steady_registry, random);
  }
}

static void poll_steady(struct steady *steady, uint64_t *random) {
  if (steady->guest.kind == MOVABLE && pick(random, 4) == 0)
    guest_move(&steady->guest);
  uint64_t bits = guest_take(&steady->guest);
  /* Release: whose courier sees it may count on the set being without it. */
  if (bits) wsig_or_release(&steady->seen, bits);
}

bool steady_have_seen(uint32_t signal) {
  for (uint32_t i = 0; i < STEADY; i++)
    if (!(wsig_load_acquire(&scene.steady[i].seen) >> (signal - 1) & 1))
      return false;
  return true;
}

void *keep_steady(void *seed) {
  uint64_t random = (uintptr_t)seed;
  tally_begin();
  timer_begin();
  while (!wsig_load_acquire(&scene.quiet)) {
    for (uint32_t i = 0; i < STEADY; i++)
      poll_steady(&scene.steady[i], &random);
    sched_yield();
  }
  timer_end();
  for (uint32_t i = 0; i < STEADY; i++) poll_steady(&scene.steady[i], &random);
  return NULL;
}

void steady_end(void) {
  for (uint32_t i = 0; i < STEADY; i++) guest_end(&scene.steady[i].guest);
  if (wasmsig_registry_count(scene.steady_registry) != 0)
    die("steady instances are left");
  wasmsig_registry_destroy(scene.steady_registry);
  for (uint32_t i = 0; i < STEADY; i++)
    if (scene.kept[i]) common_end(scene.kept[i]);
}
