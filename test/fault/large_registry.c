/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A million instances, what they cost, and registries that are destroyed while
 * others raise on them.
 */
#include "fault.h"
#include "heap.h"

#include <sched.h>

#if SANITIZED
#define MANY 100000 /* a million takes half a minute */
#else
#define MANY 1000000
#endif
#define MOST_BYTES 56 /* an instance, of the library's own memory */

/* Each block is a memory with a base of its own. */
static struct block *blocks;
static wasmsig_instance *instances;
static wasmsig_registry *registry;

static void make_blocks(void) {
  blocks = pages(MANY * sizeof *blocks);
  instances = pages(MANY * sizeof *instances);
  for (int i = 0; i < MANY; i++) block_init(&blocks[i]);
  assert_int_equal(wasmsig_registry_create(&registry), WASMSIG_OK);
}

static void drop_blocks(void) {
  assert_int_equal(wasmsig_registry_destroy(registry), WASMSIG_OK);
  munmap(blocks, MANY * sizeof *blocks);
  munmap(instances, MANY * sizeof *instances);
}

static void track(int i) {
  if (block_add(registry, &blocks[i], WASMSIG_MEMORY_FIXED, ALL_WORDS,
                &instances[i]) != WASMSIG_OK)
    fail_msg("instance %d was not tracked", i);
}

/* The blocks first, first + step, ...: and no others. */
static void assert_reached(int first, int step, uint32_t number) {
  int wrong = 0, broken = 0;
  for (int i = 0; i < MANY; i++) {
    bool meant = i >= first && (i - first) % step == 0;
    bool in_set = blocks[i].pending >> (number - 1) & 1;
    wrong += (blocks[i].signal == number) != meant || in_set != meant;
    broken += !block_intact(&blocks[i]);
  }
  assert_int_equal(wrong, 0);
  assert_int_equal(broken, 0);
}

TEST(each_of_a_million_instances_is_reached) {
  make_blocks();
  for (int i = 0; i < MANY; i++) track(i);
  assert_int_equal(wasmsig_registry_count(registry), MANY);
  assert_int_equal(wasmsig_registry_raise(registry, 5), MANY);
  assert_reached(0, 1, 5);
  for (int i = 0; i < MANY; i += 2)
    assert_int_equal(wasmsig_instance_remove(registry, instances[i]),
                     WASMSIG_OK);
  assert_int_equal(wasmsig_registry_count(registry), MANY / 2);
  assert_int_equal(wasmsig_process_raise(6), MANY / 2);
  assert_reached(1, 2, 6);
  for (int i = 0; i < MANY; i += 2) {
    assert_int_equal(wasmsig_instance_raise(registry, instances[i], 7),
                     WASMSIG_ENOINSTANCE);
    track(i);
  }
  assert_int_equal(wasmsig_registry_count(registry), MANY);
  assert_int_equal(wasmsig_registry_raise(registry, 8), MANY);
  assert_reached(0, 1, 8);
  assert_int_equal(wasmsig_registry_terminate(registry), MANY);
  assert_int_equal(wasmsig_registry_raise(registry, 10), 0);
  /* That signal also reaches an instance that says that it is dead. */
  assert_int_equal(wasmsig_registry_raise(registry, WASMSIG_SIGKILL), MANY);
  drop_blocks();
  assert_int_equal(wasmsig_process_raise(9), 0);
}

TEST(an_instance_with_all_its_words_takes_56_bytes_at_most) {
  make_blocks();
  size_t before = heap_bytes();
  for (int i = 0; i < MANY; i++) track(i);
  size_t after = heap_bytes();
  double each = (double)(after - before) / MANY;
  drop_blocks();
  size_t left = heap_bytes();
  if (SANITIZED) {
    printf("not run: a sanitizer's heap cannot be measured\n");
    return;
  }
  printf("%.1f bytes an instance\n", each);
  assert_true(after - before > 8 * (size_t)MANY); /* it was measured */
  assert_true(after - before <= MOST_BYTES * (size_t)MANY);
  assert_true(left < before + MANY / 10); /* and given back */
}

/* ----------------------------------------------------- destroyed under way */

#define LIVES 300
#define FEW 100

static wasmsig_registry *target; /* of this life */
static uint32_t stop;
static uint64_t counts, deads;

static void *raise_on_registry(void *unused) {
  (void)unused;
  while (!wsig_load_acquire(&stop)) {
    int64_t answer = wasmsig_registry_raise(wsig_load_acquire(&target), 5);
    if (answer != WASMSIG_EDEAD && (answer < 0 || answer > FEW)) abort();
    wsig_add_relaxed(answer == WASMSIG_EDEAD ? &deads : &counts, 1);
    if (answer == WASMSIG_EDEAD)
      sched_yield(); /* another thread creates the next one */
  }
  return NULL;
}

static void *raise_on_process(void *unused) {
  (void)unused;
  while (!wsig_load_acquire(&stop)) {
    int64_t answer = wasmsig_process_raise(6);
    if (answer < 0 || answer > FEW) abort();
    if (answer == 0) sched_yield();
  }
  return NULL;
}

/* Its memory is taken away with it: a late store is a fault. */
static void live_and_die(void) {
  struct block *memory = pages(FEW * sizeof *memory);
  wasmsig_registry *living;
  wasmsig_instance unused;
  assert_int_equal(wasmsig_registry_create(&living), WASMSIG_OK);
  wsig_store_release(&target, living);
  for (int i = 0; i < FEW; i++) {
    block_init(&memory[i]);
    assert_int_equal(
        block_add(living, &memory[i], (wasmsig_memory_class)(i % 3), ALL_WORDS,
                  &unused),
        WASMSIG_OK);
  }
  sched_yield();
  for (int i = 0; i < FEW; i++) assert_true(block_intact(&memory[i]));
  assert_int_equal(wasmsig_registry_destroy(living), WASMSIG_OK);
  munmap(memory, FEW * sizeof *memory);
  sched_yield();
}

TEST(a_registry_may_be_destroyed_while_others_raise_on_it) {
  pthread_t threads[2];
  assert_int_equal(wasmsig_registry_create(&registry), WASMSIG_OK);
  target = registry;
  assert_int_equal(pthread_create(&threads[0], NULL, raise_on_registry, NULL),
                   0);
  assert_int_equal(pthread_create(&threads[1], NULL, raise_on_process, NULL),
                   0);
  for (int life = 0; life < LIVES; life++) live_and_die();
  /* Both answers come, sooner or later: the one living, the one dead. */
  while (wsig_load_relaxed(&deads) == 0) sched_yield();
  wsig_store_release(&target, registry);
  while (wsig_load_relaxed(&counts) == 0) sched_yield();
  wsig_store_release(&stop, 1);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  printf("%d lives; %llu raises on living registries, %llu on dead ones\n",
         LIVES, (unsigned long long)counts, (unsigned long long)deads);
  assert_int_equal(wasmsig_registry_destroy(registry), WASMSIG_OK);
}

/* ------------------------------------------------------------ old handles */

static void assert_all_say(wasmsig_registry *where, wasmsig_instance handle,
                           int error) {
  static struct block memory;
  assert_int_equal(wasmsig_instance_raise(where, handle, 5), error);
  assert_int_equal(wasmsig_instance_clear(where, handle, 5), error);
  assert_int_equal(wasmsig_instance_terminate(where, handle), error);
  assert_int_equal(wasmsig_instance_remove(where, handle), error);
  assert_int_equal(wasmsig_instance_sync(where, handle, &memory, sizeof memory),
                   error);
}

TEST(handles_of_a_destroyed_registry_name_no_instance) {
  struct block memory;
  wasmsig_registry *first, *second;
  wasmsig_instance old, fresh;
  block_init(&memory);
  assert_int_equal(wasmsig_registry_create(&first), WASMSIG_OK);
  assert_int_equal(
      block_add(first, &memory, WASMSIG_MEMORY_FIXED, ALL_WORDS, &old),
      WASMSIG_OK);
  assert_int_equal(wasmsig_registry_destroy(first), WASMSIG_OK);
  assert_all_say(first, old, WASMSIG_EDEAD);
  assert_int_equal(wasmsig_registry_raise(first, 5), WASMSIG_EDEAD);
  assert_int_equal(wasmsig_registry_destroy(first), WASMSIG_EDEAD);
  assert_int_equal(
      block_add(first, &memory, WASMSIG_MEMORY_FIXED, ALL_WORDS, &fresh),
      WASMSIG_EDEAD);
  /* Its place is used again, its names are not. */
  assert_int_equal(wasmsig_registry_create(&second), WASMSIG_OK);
  assert_int_equal(
      block_add(second, &memory, WASMSIG_MEMORY_FIXED, ALL_WORDS, &fresh),
      WASMSIG_OK);
  assert_true(fresh != old);
  assert_all_say(second, old, WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_instance_raise(second, fresh, 5), 1);
  assert_int_equal(wasmsig_instance_remove(second, fresh), WASMSIG_OK);
  assert_all_say(second, fresh, WASMSIG_ENOINSTANCE);
  assert_int_equal(wasmsig_registry_destroy(second), WASMSIG_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_of_a_million_instances_is_reached),
      cmocka_unit_test(an_instance_with_all_its_words_takes_56_bytes_at_most),
      cmocka_unit_test(a_registry_may_be_destroyed_while_others_raise_on_it),
      cmocka_unit_test(handles_of_a_destroyed_registry_name_no_instance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
