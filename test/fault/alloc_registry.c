/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Every allocation fails in turn. The linker puts our allocator between the
 * library and libc's (--wrap); each call is tried again and again, with its
 * first allocation failing, its second, and so on until none does.
 */
#include "failing.h"
#include "fault.h"

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

/* ------------------------------------------------------------- the world */

#define MOST 200
static wasmsig_registry *registry;
static struct block *blocks; /* MOST + 1 of them, of which `tracked` are */
static wasmsig_instance instances[MOST];
static int tracked;

static void begin(void) {
  assert_int_equal(wasmsig_registry_create(&registry), WASMSIG_OK);
  blocks = pages((MOST + 1) * sizeof *blocks);
  for (int i = 0; i <= MOST; i++) block_init(&blocks[i]);
  tracked = 0;
}

static void end(void) {
  assert_int_equal(wasmsig_registry_destroy(registry), WASMSIG_OK);
  munmap(blocks, (MOST + 1) * sizeof *blocks);
}

static void assert_all_are_reached(void) {
  assert_int_equal(wasmsig_registry_count(registry), tracked);
  assert_int_equal(wasmsig_registry_raise(registry, 9), tracked);
  for (int i = 0; i <= MOST; i++) assert_true(block_intact(&blocks[i]));
}

static void assert_untouched(const struct block *block) {
  assert_int_equal(block->signal, UNTOUCHED);
  assert_int_equal(block->terminated, 0);
  assert_true(block->pending == 77);
}

/* Adds one more, with its n-th allocation failing for every n; answers how many
 * failures there were. */
static int add_against_failures(wasmsig_memory_class memory_class) {
  struct block *block = &blocks[tracked];
  wasmsig_instance instance = 4711;
  int nth = 0, error;
  block->pending = 77;
  for (;; nth++) {
    failed = 0;
    until_failure = nth;
    error = block_add(registry, block, memory_class, ALL_WORDS, &instance);
    until_failure = -1;
    if (failed == 0) break;
    assert_int_equal(error, WASMSIG_ENOMEM);
    assert_true(instance == 4711);
    assert_untouched(block);
    assert_all_are_reached();
    assert_untouched(block);
  }
  assert_int_equal(error, WASMSIG_OK);
  instances[tracked++] = instance;
  assert_all_are_reached();
  return nth;
}

static void remove_all(void) {
  while (tracked > 0)
    assert_int_equal(wasmsig_instance_remove(registry, instances[--tracked]),
                     WASMSIG_OK);
}

/* --------------------------------------------------- tests, in this order */

TEST(a_create_without_memory_creates_nothing) {
  wasmsig_registry *created = NULL;
  long before = outstanding;
  until_failure = 0;
  assert_int_equal(wasmsig_registry_create(&created), WASMSIG_ENOMEM);
  until_failure = -1;
  assert_int_equal(failed, 1);
  assert_null(created);
  assert_int_equal(outstanding, before);
  assert_int_equal(wasmsig_process_raise(5), 0);
  assert_int_equal(wasmsig_registry_create(&created), WASMSIG_OK);
  assert_int_equal(wasmsig_registry_destroy(created), WASMSIG_OK);
}

/* The k-th add of a class needs as many allocations as its comment says. */
static void adds_against_failures(wasmsig_memory_class memory_class, int count,
                                  int least) {
  int failures_seen = 0;
  begin();
  for (int i = 0; i < count; i++)
    failures_seen += add_against_failures(memory_class);
  printf("%d adds, %d failures\n", count, failures_seen);
  assert_true(failures_seen >= least);
  remove_all();
  assert_all_are_reached();
  end();
}

/* Two segments; an index of 16, 32, 64, 128 and 256. */
TEST(an_add_of_a_fixed_memory_without_memory_changes_nothing) {
  adds_against_failures(WASMSIG_MEMORY_FIXED, MOST, 2 + 5);
}

TEST(an_add_of_a_guarded_memory_without_memory_changes_nothing) {
  adds_against_failures(WASMSIG_MEMORY_GUARDED, 70, 2 + 3);
}

/* Two segments; each has what waits for it. */
TEST(an_add_of_a_movable_memory_without_memory_changes_nothing) {
  adds_against_failures(WASMSIG_MEMORY_MOVABLE, 70, 2 + 70);
}

/* Two segments; an index of 16 to 128; a table of 16 to 128. */
TEST(an_add_of_a_shared_memory_without_memory_changes_nothing) {
  adds_against_failures(WASMSIG_MEMORY_SHARED, 70, 2 + 3 + 3);
}

TEST(an_add_that_fails_because_of_its_words_leaks_nothing) {
  long before;
  wasmsig_instance instance = 4711;
  begin();
  add_against_failures(WASMSIG_MEMORY_FIXED);
  before = outstanding;
  wasmsig_words words =
      block_words(&blocks[0], WASMSIG_MEMORY_FIXED, SIGNAL | TERMINATED);
  words.terminated = words.signal;
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                   WASMSIG_EOVERLAP);
  words = block_words(&blocks[0], WASMSIG_MEMORY_FIXED, SIGNAL);
  words.signal = offsetof(struct block, terminated);
  assert_int_equal(wasmsig_instance_add(registry, &words, &instance),
                   WASMSIG_EOVERLAP);
  assert_true(instance == 4711);
  assert_int_equal(outstanding, before);
  assert_all_are_reached();
  end();
}

TEST(a_remove_and_a_destroy_need_no_memory) {
  begin();
  for (int i = 0; i < 60; i++)
    add_against_failures((wasmsig_memory_class)(i % 4));
  failed = 0;
  until_failure = 0;
  remove_all();
  assert_int_equal(wasmsig_registry_destroy(registry), WASMSIG_OK);
  until_failure = -1;
  assert_int_equal(failed, 0);
  munmap(blocks, (MOST + 1) * sizeof *blocks);
}

/* A second life of everything leaves no more behind than the first did: the
 * registry's place, and the table of shared words. */
TEST(failures_leak_nothing) {
  long before = outstanding;
  for (int life = 0; life < 3; life++) {
    begin();
    for (int i = 0; i < 100; i++)
      add_against_failures((wasmsig_memory_class)(i % 4));
    end(); /* with all of them tracked */
    assert_int_equal(outstanding, before);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_create_without_memory_creates_nothing),
      cmocka_unit_test(an_add_of_a_fixed_memory_without_memory_changes_nothing),
      cmocka_unit_test(
          an_add_of_a_guarded_memory_without_memory_changes_nothing),
      cmocka_unit_test(
          an_add_of_a_movable_memory_without_memory_changes_nothing),
      cmocka_unit_test(
          an_add_of_a_shared_memory_without_memory_changes_nothing),
      cmocka_unit_test(an_add_that_fails_because_of_its_words_leaks_nothing),
      cmocka_unit_test(a_remove_and_a_destroy_need_no_memory),
      cmocka_unit_test(failures_leak_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
