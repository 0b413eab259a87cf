/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Step: the instances around a stepped call, the handler that raises at each of
 * its instructions, and its checks. See step_registry.c.
 */
#ifndef WSIG_TEST_STEP_WORLD_H
#define WSIG_TEST_STEP_WORLD_H

#include "fault.h"
#include "heap.h"
#include "trap.h"

#include "signals/registry.h"

#include <errno.h>

#define MOST_WITNESSES 160
#define MOST_SUBJECTS 80
#define NESTED_STRIDE 4   /* of the instructions where a raise is stepped */
#define MOST_STEPS 400000 /* ten times what the longest call takes */
#define SUBJECT_BYTES (MOST_SUBJECTS * sizeof(struct block))

struct party {
  struct block *block;
  wasmsig_memory_class memory_class;
  unsigned words;
  wasmsig_instance instance;
};

static struct {
  wasmsig_registry *registry; /* of the witnesses */
  struct party witness[MOST_WITNESSES];
  int witnesses;
  wasmsig_registry *subjects_registry; /* the same, or one that comes or goes */
  struct party subject[MOST_SUBJECTS];
  int subjects;
  bool coming;      /* subjects come; else they go */
  bool movable;     /* subjects are: counted, never written */
  bool gone;        /* subjects' memory may not be read */
  bool many;        /* subjects do not come or go all at once */
  int64_t last_got; /* how many subjects the last handler reached, or -1 */
  bool seen_none, seen_all;
  uint32_t next, last_signal;
  bool nested; /* handlers are stepped as well */
  int depth;
} world;
static struct block witness_blocks[MOST_WITNESSES];
static struct block *subject_blocks;
static struct trap_coverage coverage, nested_coverage;

/* Callable in a handler that has interrupted malloc or stdio. */
static _Noreturn void give_up(const char *what) {
  if (write(2, what, strlen(what)) < 0) _exit(2);
  _exit(1);
}
#define TEXT_OF(line) #line
#define TEXT(line) TEXT_OF(line)
#define MUST(condition)                                                  \
  do {                                                                   \
    if (!(condition))                                                    \
      give_up(__FILE__ ":" TEXT(__LINE__) ": not so: " #condition "\n"); \
  } while (0)

/* ----------------------------------------------------------- the handler */

static bool receives(const struct party *party) {
  unsigned enough =
      party->memory_class == WASMSIG_MEMORY_GUARDED ? SIGNAL : SIGNAL | PENDING;
  if (!(party->words & enough)) return false;
  return !(party->words & TERMINATED) || party->block->terminated == 0;
}

static bool is_written(const struct party *party) {
  return party->memory_class != WASMSIG_MEMORY_MOVABLE;
}

static void acknowledge(const struct party *party) {
  if (!is_written(party)) return; /* its owner's alone */
  party->block->signal = UNTOUCHED;
  party->block->pending = 0;
}

/* The guests act too: what they had is acknowledged. */
static void acknowledge_all(void) {
  for (int i = 0; i < world.witnesses; i++) acknowledge(&world.witness[i]);
  for (int i = 0; i < world.subjects && !world.gone; i++)
    acknowledge(&world.subject[i]);
}

static bool in_set(const struct party *party, uint32_t number) {
  return party->block->pending >> (number - 1) & 1;
}

/* How many witnesses receive signals, after a check that they and no others
 * have received one. */
static int64_t witnesses_with(uint32_t number) {
  int64_t count = 0;
  for (int i = 0; i < world.witnesses; i++) {
    const struct party *party = &world.witness[i];
    MUST(block_intact(party->block));
    if (receives(party)) count++;
    if (!is_written(party)) continue;
    if (party->words & SIGNAL)
      MUST(party->block->signal == (receives(party) ? number : UNTOUCHED));
    if (party->words & PENDING)
      MUST(party->block->pending ==
           (receives(party) ? UINT64_C(1) << (number - 1) : 0));
  }
  return count;
}

static int64_t subjects_with(uint32_t number) {
  int64_t count = 0;
  for (int i = 0; i < world.subjects && !world.gone; i++) {
    const struct party *party = &world.subject[i];
    MUST(block_intact(party->block));
    bool received = party->block->signal == number;
    MUST(received || party->block->signal == UNTOUCHED ||
         (world.movable && party->block->signal == 0));
    count += received;
  }
  return count;
}

/* Checks the words after a call over the registries that `whose` says, and
 * answers how many subjects it reached. */
enum { WITNESSES = 1, SUBJECTS = 2, ALL_PARTIES = 3 };
static int64_t check_words(int64_t answer, uint32_t number, int whose) {
  int64_t sure = 0, got;
  if (whose & WITNESSES) sure = witnesses_with(number);
  if (whose == SUBJECTS && answer == WASMSIG_EDEAD) answer = 0;
  MUST(answer >= sure && answer - sure <= world.subjects);
  got = answer - sure;
  if (whose & SUBJECTS)
    MUST(subjects_with(number) == (world.movable ? 0 : got));
  else
    MUST(got == 0);
  return got;
}

/* Subjects come once, or go once. */
static void note_subjects(int64_t got) {
  if (world.subjects == 0) return;
  if (!world.many) MUST(got == 0 || got == world.subjects);
  if (world.last_got >= 0)
    MUST(world.coming ? got >= world.last_got : got <= world.last_got);
  world.last_got = got;
  world.seen_none |= got == 0;
  world.seen_all |= got == world.subjects;
}

/* SIGKILL reaches the terminated as well: test_registry. */
static uint32_t next_signal(void) {
  world.next = world.next % WASMSIG_SIGNAL_MAX + 1;
  if (world.next == SIGKILL) world.next++;
  return world.next;
}

static int64_t raise_registries(uint32_t number) {
  bool same = world.subjects_registry == world.registry;
  acknowledge_all();
  int64_t answer = wasmsig_registry_raise(world.registry, (int)number);
  int64_t got = check_words(answer, number, same ? ALL_PARTIES : WITNESSES);
  if (same || !world.subjects_registry) return got;
  acknowledge_all();
  answer = wasmsig_registry_raise(world.subjects_registry, (int)number);
  return check_words(answer, number, SUBJECTS);
}

/* Answers how many subjects it reached: those that a raise to their registry
 * did, and those of a registry that answers EDEAD already. */
static int64_t raise_and_clear_process(int64_t expected) {
  uint32_t number = next_signal();
  acknowledge_all();
  int64_t answer = wasmsig_process_raise((int)number);
  int64_t got = check_words(answer, number, ALL_PARTIES);
  MUST(got == expected || (world.many && got > expected));
  /* It waits for each party that received it. */
  MUST(wasmsig_process_clear((int)number) == answer);
  for (int i = 0; i < world.witnesses; i++) {
    const struct party *party = &world.witness[i];
    bool received = receives(party) && is_written(party);
    if (received && party->words & SIGNAL) MUST(party->block->signal == 0);
    if (received && party->words & PENDING) MUST(party->block->pending == 0);
  }
  return got;
}

static void raise_one(int64_t got) {
  struct party *one = &world.witness[world.next % (unsigned)world.witnesses];
  uint32_t number = next_signal();
  MUST(wasmsig_instance_raise(world.registry, one->instance, (int)number) ==
       receives(one));
  /* Handles of subjects are known where these go. */
  if (world.coming || world.many || world.subjects != 1) return;
  int64_t answer = wasmsig_instance_raise(
      world.subjects_registry, world.subject[0].instance, (int)number);
  if (got)
    MUST(answer == 1);
  else
    MUST(answer == WASMSIG_ENOINSTANCE || answer == WASMSIG_EDEAD);
}

/* A raise that is interrupted itself, at each of its instructions. */
static void raise_stepped(int64_t expected) {
  uint32_t number = next_signal();
  acknowledge_all();
  trap_on();
  int64_t answer = wasmsig_registry_raise(world.registry, (int)number);
  trap_off();
  int64_t sure = 0;
  for (int i = 0; i < world.witnesses; i++) sure += receives(&world.witness[i]);
  MUST(answer == sure + expected);
}

static void on_trap(int signal, siginfo_t *info, void *context) {
  int saved_errno = errno;
  (void)signal, (void)info;
  trap_cover(world.depth == 0 ? &coverage : &nested_coverage,
             trap_address(context));
  if (coverage.steps > MOST_STEPS)
    give_up("handlers keep the call from its end: it is not wait-free\n");
  errno = 4711;
  world.depth++;
  int64_t got = raise_registries(next_signal());
  if (world.depth == 1) {
    note_subjects(raise_and_clear_process(got));
    raise_one(got);
    if (world.nested && coverage.steps % NESTED_STRIDE == 0) raise_stepped(got);
    world.last_signal = next_signal();
    MUST(raise_registries(world.last_signal) == got);
  }
  world.depth--;
  MUST(errno == 4711);
  errno = saved_errno;
}

/* ------------------------------------------------------------- the world */

static struct party *new_witness(wasmsig_memory_class memory_class,
                                 unsigned words) {
  struct party *party = &world.witness[world.witnesses];
  *party = (struct party){.block = &witness_blocks[world.witnesses],
                          .memory_class = memory_class,
                          .words = words};
  block_init(party->block);
  CHILD_ASSERT(block_add(world.registry, party->block, memory_class, words,
                         &party->instance) == WASMSIG_OK);
  world.witnesses++;
  return party;
}

static struct party *new_subject(wasmsig_memory_class memory_class,
                                 unsigned words) {
  struct party *party = &world.subject[world.subjects];
  *party = (struct party){.block = &subject_blocks[world.subjects],
                          .memory_class = memory_class,
                          .words = words};
  block_init(party->block);
  world.movable = memory_class == WASMSIG_MEMORY_MOVABLE;
  world.subjects++;
  return party;
}

static void add_subject(struct party *party) {
  CHILD_ASSERT(block_add(world.subjects_registry, party->block,
                         party->memory_class, party->words,
                         &party->instance) == WASMSIG_OK);
}

static void fill_with_witnesses(int count) {
  while (world.witnesses < count) new_witness(WASMSIG_MEMORY_SHARED, SIGNAL);
}

/* One witness of each kind, and one that has said that it is dead. */
static void set_up(bool coming) {
  /* What is freed is filled with something that is no address. */
  overwrite_what_is_freed(0x5a);
  subject_blocks = pages(SUBJECT_BYTES);
  CHILD_ASSERT(wasmsig_registry_create(&world.registry) == WASMSIG_OK);
  world.subjects_registry = world.registry;
  world.coming = coming;
  world.last_got = -1;
  new_witness(WASMSIG_MEMORY_FIXED, SIGNAL);
  new_witness(WASMSIG_MEMORY_FIXED, ALL_WORDS);
  new_witness(WASMSIG_MEMORY_SHARED, ALL_WORDS);
  new_witness(WASMSIG_MEMORY_SHARED, PENDING);
  new_witness(WASMSIG_MEMORY_MOVABLE, SIGNAL | PENDING);
  new_witness(WASMSIG_MEMORY_GUARDED, SIGNAL | TERMINATED);
  new_witness(WASMSIG_MEMORY_FIXED, ALL_WORDS)->block->terminated = 1;
  trap_install(on_trap);
}

/* With fewer addresses than `least`, it was not stepped. */
static void report(const char *what, uint64_t least) {
  trap_report(what, &coverage);
  CHILD_ASSERT(coverage.addresses >= least);
  CHILD_ASSERT(failures() == 0); /* no address that the system refuses */
  if (world.subjects > 0) CHILD_ASSERT(world.seen_none && world.seen_all);
}

#endif
