/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signals at every machine instruction.
 *
 * Each test runs one call of the library in a child process, and after every
 * single instruction of it (of libc's, where it calls that) a signal handler
 * raises and clears in all ways that there are, and checks the result
 * (trap.h says how). What must hold then, at whichever instruction:
 *
 *  - a witness, an instance that was there before the call, is reached: its
 *    word and its pending set hold the number, and it is counted;
 *  - a subject, an instance that the call adds or removes, is reached or not;
 *    it is counted if and only if its word holds the number, all calls of one
 *    handler agree, and it comes (or goes) once;
 *  - nothing else is written: a canary is beside every word, and a removed
 *    subject's memory is taken away, still under the trap flag;
 *  - errno stays as it was.
 *
 * A test fails if it saw implausibly few instructions, or saw the subjects in
 * one of their two states only: then it has not read.
 */
#include "step_world.h"

/* ------------------------------------------------------- add and remove */

static void stepped_add(const char *what, struct party *party) {
  wasmsig_words words =
      block_words(party->block, party->memory_class, party->words);
  trap_on();
  int error =
      wasmsig_instance_add(world.subjects_registry, &words, &party->instance);
  trap_off();
  CHILD_ASSERT(error == WASMSIG_OK);
  /* What the last handler raised is there: the add zeroed nothing later. */
  if (!world.movable) CHILD_ASSERT(party->block->signal == world.last_signal);
  CHILD_ASSERT(wasmsig_registry_count(world.subjects_registry) ==
               (size_t)world.witnesses + 1);
  report(what, 150);
}

static void stepped_remove(const char *what, struct party *party) {
  trap_on();
  int error = wasmsig_instance_remove(world.registry, party->instance);
  world.gone = true;
  take_away(subject_blocks, SUBJECT_BYTES);
  trap_off();
  CHILD_ASSERT(error == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_registry_count(world.registry) ==
               (size_t)world.witnesses);
  report(what, 150);
}

#define ADD_TEST(sentence, memory_class, words, what)    \
  static void sentence##_in_child(void) {                \
    set_up(true);                                        \
    stepped_add(what, new_subject(memory_class, words)); \
  }                                                      \
  TEST(sentence) { assert_child_ends_well(sentence##_in_child); }

ADD_TEST(raises_during_the_add_of_a_fixed_memory, WASMSIG_MEMORY_FIXED,
         ALL_WORDS, "add, FIXED")
ADD_TEST(raises_during_the_add_of_a_lone_signal_word, WASMSIG_MEMORY_FIXED,
         SIGNAL, "add, FIXED, signal word only")
ADD_TEST(raises_during_the_add_of_a_shared_memory, WASMSIG_MEMORY_SHARED,
         ALL_WORDS, "add, SHARED")
ADD_TEST(raises_during_the_add_of_a_guarded_memory, WASMSIG_MEMORY_GUARDED,
         SIGNAL | TERMINATED, "add, GUARDED")
ADD_TEST(raises_during_the_add_of_a_movable_memory, WASMSIG_MEMORY_MOVABLE,
         ALL_WORDS, "add, MOVABLE")

/* One raise alone, at the n-th instruction of an add, for every n: no later one
 * hides its loss. */
static struct {
  uint64_t at, n;
  int64_t reached;
} single;

static void on_trap_once(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  if (++single.at != single.n) return;
  trap_cover(&coverage, trap_address(context));
  single.reached = wasmsig_process_raise(5);
  trap_end(context);
}

static void add_with_one_raise(void) {
  set_up(true);
  trap_install(on_trap_once);
  struct party *party = new_subject(WASMSIG_MEMORY_FIXED, ALL_WORDS);
  wasmsig_words words =
      block_words(party->block, WASMSIG_MEMORY_FIXED, ALL_WORDS);
  do {
    block_init(party->block);
    int64_t sure = wasmsig_process_raise(6);
    single.n++;
    single.at = 0;
    single.reached = sure;
    trap_on();
    int error = wasmsig_instance_add(world.registry, &words, &party->instance);
    trap_off();
    CHILD_ASSERT(error == WASMSIG_OK);
    int64_t got = single.reached - sure;
    CHILD_ASSERT(got == 0 || got == 1);
    CHILD_ASSERT(party->block->signal == (got ? 5 : 0));
    if (got) world.seen_all = true;
    if (!got) world.seen_none = true;
    CHILD_ASSERT(wasmsig_instance_remove(world.registry, party->instance) ==
                 WASMSIG_OK);
  } while (single.at >= single.n);
  report("add, FIXED, one raise in it", 150);
}
TEST(a_raise_that_reached_an_instance_during_its_add_is_not_lost) {
  assert_child_ends_well(add_with_one_raise);
}

#define REMOVE_TEST(sentence, memory_class, words, what)    \
  static void sentence##_in_child(void) {                   \
    set_up(false);                                          \
    struct party *party = new_subject(memory_class, words); \
    add_subject(party);                                     \
    stepped_remove(what, party);                            \
  }                                                         \
  TEST(sentence) { assert_child_ends_well(sentence##_in_child); }

REMOVE_TEST(raises_during_the_remove_of_a_fixed_memory, WASMSIG_MEMORY_FIXED,
            ALL_WORDS, "remove, FIXED")
REMOVE_TEST(raises_during_the_remove_of_a_shared_memory, WASMSIG_MEMORY_SHARED,
            ALL_WORDS, "remove, SHARED")
REMOVE_TEST(raises_during_the_remove_of_a_guarded_memory,
            WASMSIG_MEMORY_GUARDED, SIGNAL | TERMINATED, "remove, GUARDED")
REMOVE_TEST(raises_during_the_remove_of_a_movable_memory,
            WASMSIG_MEMORY_MOVABLE, ALL_WORDS, "remove, MOVABLE")

/* ---------------------------------------------------------------- growth */

/* Slots 0..63 are segment 0, 64..191 the two chunks of segment 1. */
#define GROWTH_TEST(sentence, count, what)                            \
  static void sentence##_in_child(void) {                             \
    set_up(true);                                                     \
    fill_with_witnesses(count);                                       \
    stepped_add(what, new_subject(WASMSIG_MEMORY_SHARED, ALL_WORDS)); \
  }                                                                   \
  TEST(sentence) { assert_child_ends_well(sentence##_in_child); }

GROWTH_TEST(raises_during_the_growth_to_a_first_segment_s_end, 63,
            "add, the last slot of a segment")
GROWTH_TEST(raises_during_the_growth_to_a_new_segment, 64,
            "add, to a new segment")
GROWTH_TEST(raises_during_the_growth_to_a_new_chunk, 128, "add, to a new chunk")

/* Adds one base after another until the index has grown under the last. */
static void grow_the_index(void) {
  set_up(true);
  uint32_t before = world.registry->memories.capacity;
  while (world.registry->memories.capacity == before) {
    CHILD_ASSERT(world.witnesses < MOST_WITNESSES);
    memset(&coverage, 0, sizeof coverage);
    world.subjects = 0;
    world.last_got = -1;
    world.seen_none = world.seen_all = false;
    stepped_add("add, until the index grows",
                new_subject(WASMSIG_MEMORY_FIXED, ALL_WORDS));
    world.witness[world.witnesses++] = world.subject[0];
    subject_blocks++;
  }
  CHILD_ASSERT(coverage.steps > 600); /* the last: each entry was moved */
}
TEST(raises_during_the_growth_of_the_index) {
  assert_child_ends_well(grow_the_index);
}

/* --------------------------------------------------- create and destroy */

static void create_stepped(void) {
  wasmsig_registry *created = NULL;
  set_up(true);
  world.subjects_registry = NULL;
  trap_on();
  int error = wasmsig_registry_create(&created);
  trap_off();
  CHILD_ASSERT(error == WASMSIG_OK && created);
  report("create", 60);
  CHILD_ASSERT(wasmsig_registry_destroy(created) == WASMSIG_OK);
  memset(&coverage, 0, sizeof coverage);
  trap_on();
  error = wasmsig_registry_create(&created);
  trap_off();
  CHILD_ASSERT(error == WASMSIG_OK && created);
  report("create, where one was destroyed", 40);
}
TEST(raises_during_a_create) { assert_child_ends_well(create_stepped); }

static void destroy_stepped(void) {
  set_up(false);
  CHILD_ASSERT(wasmsig_registry_create(&world.subjects_registry) == WASMSIG_OK);
  world.many = true; /* segment by segment */
  for (int i = 0; i < 70; i++)
    add_subject(
        new_subject(i % 2 ? WASMSIG_MEMORY_SHARED : WASMSIG_MEMORY_FIXED,
                    i % 3 ? SIGNAL : ALL_WORDS));
  trap_on();
  int error = wasmsig_registry_destroy(world.subjects_registry);
  world.gone = true;
  take_away(subject_blocks, SUBJECT_BYTES);
  trap_off();
  CHILD_ASSERT(error == WASMSIG_OK);
  report("destroy", 200);
}
TEST(raises_during_a_destroy) { assert_child_ends_well(destroy_stepped); }

/* ----------------------------------------------------------------- sync */

/* The subject's words are written by its owner alone, and nothing is lost. */
static void sync_stepped(void) {
  set_up(true);
  struct party *party = new_witness(WASMSIG_MEMORY_MOVABLE, ALL_WORDS);
  party->words &= ~(unsigned)SIGNAL; /* sync may write it at any moment */
  trap_on();
  int error = wasmsig_instance_sync(world.registry, party->instance,
                                    party->block, sizeof *party->block);
  trap_off();
  CHILD_ASSERT(error >= 0);
  error = wasmsig_instance_sync(world.registry, party->instance, party->block,
                                sizeof *party->block);
  CHILD_ASSERT(error == 1 && block_intact(party->block));
  CHILD_ASSERT(party->block->signal == world.last_signal);
  CHILD_ASSERT(party->block->pending >> (world.last_signal - 1) & 1);
  report("sync", 60);
}
TEST(raises_during_a_sync_lose_nothing) {
  assert_child_ends_well(sync_stepped);
}

/* Sync again and again, with a single raise (or clear) at its n-th instruction:
 * nothing comes later that would hide its loss. */
static struct {
  struct party *party;
  uint64_t at, n;
  int64_t (*act)(wasmsig_registry *, wasmsig_instance, int);
} syncing;

static void on_trap_sync(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  if (syncing.act == wasmsig_instance_raise &&
      syncing.party->block->signal == 5)
    MUST(in_set(syncing.party, 5));
  if (++syncing.at != syncing.n) return;
  trap_cover(&coverage, trap_address(context));
  MUST(syncing.act(world.registry, syncing.party->instance, 5) >= 0);
}

static void stepped_sync(void) {
  wasmsig_registry *registry = world.registry;
  struct party *party = syncing.party;
  syncing.at = 0;
  trap_on();
  int answer = wasmsig_instance_sync(registry, party->instance, party->block,
                                     sizeof *party->block);
  trap_off();
  CHILD_ASSERT(answer >= 0 && block_intact(party->block));
  answer = wasmsig_instance_sync(registry, party->instance, party->block,
                                 sizeof *party->block);
  CHILD_ASSERT(answer >= 0 && block_intact(party->block));
}

static void one_raise_in_sync(void) {
  set_up(true);
  trap_install(on_trap_sync);
  syncing.party = new_witness(WASMSIG_MEMORY_MOVABLE, ALL_WORDS);
  syncing.act = wasmsig_instance_raise;
  do {
    syncing.n++;
    syncing.party->block->signal = 0;
    syncing.party->block->pending = 0;
    wasmsig_instance_raise(world.registry, syncing.party->instance, 3);
    stepped_sync();
    uint64_t bits = syncing.party->block->pending;
    bool in_time = syncing.at >= syncing.n;
    CHILD_ASSERT(bits == (in_time ? 1u << 2 | 1u << 4 : 1u << 2));
    CHILD_ASSERT(syncing.party->block->signal == (in_time ? 5 : 3));
  } while (syncing.at >= syncing.n);
  report("sync, one raise in it", 60);
}
TEST(a_raise_during_a_sync_is_not_lost) {
  assert_child_ends_well(one_raise_in_sync);
}

static void one_clear_in_sync(void) {
  set_up(true);
  trap_install(on_trap_sync);
  syncing.party = new_witness(WASMSIG_MEMORY_MOVABLE, ALL_WORDS);
  syncing.act = wasmsig_instance_clear;
  do {
    syncing.n++;
    syncing.party->block->signal = 0;
    syncing.party->block->pending = 0;
    wasmsig_instance_raise(world.registry, syncing.party->instance, 5);
    stepped_sync();
    bool in_time = syncing.at >= syncing.n;
    CHILD_ASSERT(syncing.party->block->pending == (in_time ? 0 : 1u << 4));
    CHILD_ASSERT(syncing.party->block->signal == (in_time ? 0 : 5));
  } while (syncing.at >= syncing.n);
  report("sync, one clear in it", 60);
}
TEST(a_clear_during_a_sync_is_not_lost) {
  assert_child_ends_well(one_clear_in_sync);
}

/* ------------------------------------- raise, clear, terminate, and raise */

static void walk_stepped(const char *what, int64_t (*walk)(void), int64_t least,
                         int64_t most) {
  memset(&coverage, 0, sizeof coverage);
  trap_on();
  int64_t answer = walk();
  trap_off();
  CHILD_ASSERT(answer >= least && answer <= most);
  report(what, 60);
}

static int64_t one_raise(void) {
  return wasmsig_instance_raise(world.registry, world.witness[1].instance, 5);
}
static int64_t one_clear(void) {
  return wasmsig_instance_clear(world.registry, world.witness[1].instance, 0);
}
static int64_t one_terminate(void) {
  return wasmsig_instance_terminate(world.registry, world.witness[1].instance);
}
static int64_t all_raise(void) { return wasmsig_process_raise(5); }
static int64_t all_clear(void) { return wasmsig_process_clear(0); }

static void walks_stepped(void) {
  set_up(true);
  walk_stepped("raise, one instance", one_raise, 1, 1);
  walk_stepped("raise, the process", all_raise, 6, 6);
  walk_stepped("clear, one instance", one_clear, 0, 1);
  walk_stepped("clear, the process", all_clear, 0, 7);
  walk_stepped("terminate, one instance", one_terminate, 1, 1);
  walk_stepped("terminate, the process", wasmsig_process_terminate, 4, 4);
}
TEST(raises_during_raises_clears_and_terminates) {
  assert_child_ends_well(walks_stepped);
}

static void on_trap_look(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  trap_cover(&coverage, trap_address(context));
  for (int i = 0; i < world.witnesses; i++) {
    const struct party *party = &world.witness[i];
    if (party->words == ALL_WORDS && party->block->signal == 5)
      MUST(in_set(party, 5));
  }
}

/* Sync raises too, to its own instance. */
static int64_t one_sync(void) {
  struct party *party = &world.witness[world.witnesses - 1];
  return wasmsig_instance_sync(world.registry, party->instance, party->block,
                               sizeof *party->block);
}

static void raises_looked_at(void) {
  set_up(true);
  new_witness(WASMSIG_MEMORY_MOVABLE, ALL_WORDS);
  trap_install(on_trap_look);
  walk_stepped("raise, read by guests", all_raise, 7, 7);
  CHILD_ASSERT(world.witness[1].block->signal == 5);
  walk_stepped("sync, read by guests", one_sync, 1, 1);
}
TEST(a_guest_that_reads_a_number_finds_its_bit_at_any_instruction) {
  assert_child_ends_well(raises_looked_at);
}

static void nested_in_add(void) {
  set_up(true);
  world.nested = true;
  stepped_add("add; its handlers' raises are stepped",
              new_subject(WASMSIG_MEMORY_FIXED, ALL_WORDS));
  trap_report("  of these raises", &nested_coverage);
  CHILD_ASSERT(nested_coverage.addresses >= 100);
  CHILD_ASSERT(nested_coverage.steps > 10 * nested_coverage.addresses);
}
TEST(raises_during_a_raise_of_a_handler_during_an_add) {
  assert_child_ends_well(nested_in_add);
}

/* ------------------------------------------------------------------ fork */

/* musl's fork() blocks all signals between the functions that run before it and
 * those that run after it (pthread_atfork(3)); a step there would end the
 * process. So the steps stop last before it, and go on first after it. */
#ifdef __GLIBC__
#define LEAST_IN_A_FORK 200
static void step_around_fork(void) {}
#else
#define LEAST_IN_A_FORK 100
static void step_on(void) { trap_on(); }
static void step_off(void) { trap_off(); }
static void step_around_fork(void) {
  CHILD_ASSERT(pthread_atfork(step_off, step_on, step_on) == 0);
}
#endif

static void fork_stepped(void) {
  step_around_fork(); /* before the library's own functions */
  set_up(true);
  trap_on();
  pid_t child = fork();
  trap_off();
  report(child == 0 ? "fork, in the child" : "fork, in the parent",
         LEAST_IN_A_FORK);
  struct party *party = new_subject(WASMSIG_MEMORY_FIXED, ALL_WORDS);
  add_subject(party);
  CHILD_ASSERT(wasmsig_instance_remove(world.registry, party->instance) ==
               WASMSIG_OK);
  if (child == 0) _exit(0);
  int status;
  CHILD_ASSERT(waitpid(child, &status, 0) == child && status == 0);
}
TEST(raises_during_a_fork_in_both_processes) {
  assert_child_ends_well(fork_stepped);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(raises_during_the_add_of_a_fixed_memory),
      cmocka_unit_test(raises_during_the_add_of_a_lone_signal_word),
      cmocka_unit_test(raises_during_the_add_of_a_shared_memory),
      cmocka_unit_test(raises_during_the_add_of_a_guarded_memory),
      cmocka_unit_test(raises_during_the_add_of_a_movable_memory),
      cmocka_unit_test(
          a_raise_that_reached_an_instance_during_its_add_is_not_lost),
      cmocka_unit_test(raises_during_the_remove_of_a_fixed_memory),
      cmocka_unit_test(raises_during_the_remove_of_a_shared_memory),
      cmocka_unit_test(raises_during_the_remove_of_a_guarded_memory),
      cmocka_unit_test(raises_during_the_remove_of_a_movable_memory),
      cmocka_unit_test(raises_during_the_growth_to_a_first_segment_s_end),
      cmocka_unit_test(raises_during_the_growth_to_a_new_segment),
      cmocka_unit_test(raises_during_the_growth_to_a_new_chunk),
      cmocka_unit_test(raises_during_the_growth_of_the_index),
      cmocka_unit_test(raises_during_a_create),
      cmocka_unit_test(raises_during_a_destroy),
      cmocka_unit_test(raises_during_a_sync_lose_nothing),
      cmocka_unit_test(a_raise_during_a_sync_is_not_lost),
      cmocka_unit_test(a_clear_during_a_sync_is_not_lost),
      cmocka_unit_test(raises_during_raises_clears_and_terminates),
      cmocka_unit_test(
          a_guest_that_reads_a_number_finds_its_bit_at_any_instruction),
      cmocka_unit_test(raises_during_a_raise_of_a_handler_during_an_add),
      cmocka_unit_test(raises_during_a_fork_in_both_processes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
