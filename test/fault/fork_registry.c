/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Forks while other threads are everywhere: in adds, removes, raises, creates
 * and destroys. The child has one thread and their locks and counters; it uses
 * all of the library at once, and must end before its alarm does it in.
 */
#include "fault.h"

#define FORKS (SANITIZED ? 60 : 200) /* theirs copy ten times as much */

static wasmsig_registry *shared_registry;
static struct block witness;
static wasmsig_instance witness_instance;
static uint32_t stop;
static uint64_t rounds[4];

static bool goes_on(int storm) {
  wsig_add_relaxed(&rounds[storm], 1);
  return !wsig_load_acquire(&stop);
}

/* ---------------------------------------------------------------- storms */

static void add_and_remove(wasmsig_registry *registry,
                           wasmsig_memory_class memory_class) {
  struct block block;
  wasmsig_instance instance;
  block_init(&block);
  if (block_add(registry, &block, memory_class, ALL_WORDS, &instance)) abort();
  if (wasmsig_instance_remove(registry, instance)) abort();
  if (!block_intact(&block)) abort();
}

static void *add_and_remove_storm(void *storm) {
  for (int i = 0; goes_on(*(int *)storm); i++)
    add_and_remove(shared_registry, (wasmsig_memory_class)(i % 4));
  return NULL;
}

static void create_and_destroy(void) {
  wasmsig_registry *registry;
  struct block blocks[70];
  wasmsig_instance unused;
  if (wasmsig_registry_create(&registry)) abort();
  for (int i = 0; i < 70; i++) {
    block_init(&blocks[i]);
    if (block_add(registry, &blocks[i], WASMSIG_MEMORY_FIXED, SIGNAL, &unused))
      abort();
  }
  if (wasmsig_registry_destroy(registry)) abort();
}

static void *create_and_destroy_storm(void *storm) {
  while (goes_on(*(int *)storm)) create_and_destroy();
  return NULL;
}

static void *raise_storm(void *storm) {
  while (goes_on(*(int *)storm)) {
    if (wasmsig_process_raise(5) < 1) abort();
    if (wasmsig_process_clear(5) < 0) abort();
    if (wasmsig_instance_raise(shared_registry, witness_instance, 6) != 1)
      abort();
  }
  return NULL;
}

static void *(*const storms[4])(void *) = {
    add_and_remove_storm, add_and_remove_storm, create_and_destroy_storm,
    raise_storm};
static pthread_t threads[4];
static int numbers[4] = {0, 1, 2, 3};

static void start_storms(void) {
  block_init(&witness);
  assert_int_equal(wasmsig_registry_create(&shared_registry), WASMSIG_OK);
  assert_int_equal(block_add(shared_registry, &witness, WASMSIG_MEMORY_FIXED,
                             ALL_WORDS, &witness_instance),
                   WASMSIG_OK);
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, storms[i], &numbers[i]),
                     0);
}

static void end_storms(void) {
  wsig_store_release(&stop, 1);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf(
      "rounds: %llu and %llu of add and remove, %llu of create and destroy, "
      "%llu of raise\n",
      (unsigned long long)rounds[0], (unsigned long long)rounds[1],
      (unsigned long long)rounds[2], (unsigned long long)rounds[3]);
  for (int i = 0; i < 4; i++) assert_true(rounds[i] > FORKS / 4);
}

/* ------------------------------------------------------------ what it does */

/* Everything that the contract promises to a child, in its first moments. A
 * raise that another thread was in has ended with that thread. */
static void use_everything(void) {
  CHILD_ASSERT(wasmsig_process_raise(7) >= 1);
  CHILD_ASSERT(witness.signal == 7 && witness.pending >> 6 & 1);
  for (int memory_class = 0; memory_class < 4; memory_class++)
    add_and_remove(shared_registry, (wasmsig_memory_class)memory_class);
  create_and_destroy();
  CHILD_ASSERT(wasmsig_registry_raise(shared_registry, 8) >= 1);
  CHILD_ASSERT(witness.signal == 8 && block_intact(&witness));
  CHILD_ASSERT(wasmsig_instance_remove(shared_registry, witness_instance) ==
               WASMSIG_OK);
  CHILD_ASSERT(wasmsig_instance_raise(shared_registry, witness_instance, 9) ==
               WASMSIG_ENOINSTANCE);
  CHILD_ASSERT(wasmsig_registry_destroy(shared_registry) == WASMSIG_OK);
  CHILD_ASSERT(witness.signal == 8);
}

static void wait_for(pid_t child) {
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

TEST(a_child_of_a_storm_may_do_everything_at_once) {
  start_storms();
  for (int i = 0; i < FORKS; i++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      alarm(PATIENCE_S);
      use_everything();
      _exit(0);
    }
    wait_for(child);
    assert_true(wasmsig_registry_raise(shared_registry, 10) >= 1);
  }
  end_storms();
  assert_int_equal(wasmsig_registry_count(shared_registry), 1);
  assert_int_equal(wasmsig_process_raise(11), 1);
  assert_int_equal(witness.signal, 11);
  assert_true(block_intact(&witness));
  assert_int_equal(wasmsig_registry_destroy(shared_registry), WASMSIG_OK);
}

TEST(a_child_s_child_may_do_everything_too) {
  block_init(&witness);
  assert_int_equal(wasmsig_registry_create(&shared_registry), WASMSIG_OK);
  assert_int_equal(block_add(shared_registry, &witness, WASMSIG_MEMORY_SHARED,
                             ALL_WORDS, &witness_instance),
                   WASMSIG_OK);
  pid_t child = fork();
  if (child == 0) {
    alarm(PATIENCE_S);
    CHILD_ASSERT(in_a_fault_child(use_everything) == 0);
    alarm(PATIENCE_S);
    use_everything();
    _exit(0);
  }
  wait_for(child);
  assert_int_equal(wasmsig_registry_destroy(shared_registry), WASMSIG_OK);
}

/* ------------------------------------------------- a walk under way at fork */

static int64_t guarded_raises;

/* Long enough in its walks, by their system calls, to be found in one. */
static void *walk_for_long(void *unused) {
  (void)unused;
  while (!wsig_load_acquire(&stop)) {
    int64_t reached = wasmsig_registry_raise(shared_registry, 5);
    wsig_add_relaxed(&guarded_raises, reached);
  }
  return NULL;
}

TEST(a_walk_of_a_thread_that_the_child_lacks_delays_no_remove) {
  static struct block blocks[256];
  wasmsig_instance instances[256];
  pthread_t walker;
  wsig_store_relaxed(&stop, 0);
  assert_int_equal(wasmsig_registry_create(&shared_registry), WASMSIG_OK);
  for (int i = 0; i < 256; i++) {
    block_init(&blocks[i]);
    assert_int_equal(block_add(shared_registry, &blocks[i],
                               WASMSIG_MEMORY_GUARDED, SIGNAL, &instances[i]),
                     WASMSIG_OK);
  }
  assert_int_equal(pthread_create(&walker, NULL, walk_for_long, NULL), 0);
  for (int i = 0; i < 20; i++) {
    pid_t child = fork();
    if (child == 0) {
      alarm(PATIENCE_S);
      for (int k = 0; k < 256; k++)
        CHILD_ASSERT(wasmsig_instance_remove(shared_registry, instances[k]) ==
                     WASMSIG_OK);
      CHILD_ASSERT(wasmsig_registry_raise(shared_registry, 5) == 0);
      _exit(0);
    }
    wait_for(child);
  }
  wsig_store_release(&stop, 1);
  pthread_join(walker, NULL);
  assert_true(guarded_raises >= 256);
  assert_int_equal(wasmsig_registry_destroy(shared_registry), WASMSIG_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_child_of_a_storm_may_do_everything_at_once),
      cmocka_unit_test(a_child_s_child_may_do_everything_too),
      cmocka_unit_test(
          a_walk_of_a_thread_that_the_child_lacks_delays_no_remove),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
