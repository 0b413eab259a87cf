/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the fault tests share: words with canaries around each of them, and
 * memory that can be taken away.
 */
#ifndef WSIG_TEST_FAULT_H
#define WSIG_TEST_FAULT_H

#include "unit/support.h"

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define CANARY UINT64_C(0x5afe5afe5afe5afe)
#define UNTOUCHED 65535u /* what a module's word holds before it is tracked */

/* One instance's memory: no two words are neighbours. */
struct block {
  uint64_t canary0;
  uint32_t canary1, signal;
  uint32_t canary2, terminated;
  uint64_t canary3;
  uint64_t pending;
  uint64_t canary4[3];
};

enum { SIGNAL = 1, TERMINATED = 2, PENDING = 4, ALL_WORDS = 7 };

static inline void block_init(struct block *block) {
  *block = (struct block){.canary0 = CANARY,
                          .canary1 = (uint32_t)CANARY,
                          .signal = UNTOUCHED,
                          .canary2 = (uint32_t)CANARY,
                          .canary3 = CANARY,
                          .canary4 = {CANARY, CANARY, CANARY}};
}

static inline bool block_intact(const struct block *block) {
  return block->canary0 == CANARY && block->canary1 == (uint32_t)CANARY &&
         block->canary2 == (uint32_t)CANARY && block->canary3 == CANARY &&
         block->canary4[0] == CANARY && block->canary4[1] == CANARY &&
         block->canary4[2] == CANARY;
}

static inline wasmsig_words block_words(struct block *block,
                                        wasmsig_memory_class memory_class,
                                        unsigned which) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = block;
  words.length = sizeof *block;
  words.memory_class = memory_class;
  if (which & SIGNAL) words.signal = offsetof(struct block, signal);
  if (which & TERMINATED) words.terminated = offsetof(struct block, terminated);
  if (which & PENDING) words.pending = offsetof(struct block, pending);
  return words;
}

static inline int block_add(wasmsig_registry *registry, struct block *block,
                            wasmsig_memory_class memory_class, unsigned which,
                            wasmsig_instance *instance) {
  wasmsig_words words = block_words(block, memory_class, which);
  return wasmsig_instance_add(registry, &words, instance);
}

/* Pages of their own, which may be taken away. */
static inline void *pages(size_t length) {
  void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) abort();
  return memory;
}

/* From here on a store there is a fault. */
static inline void take_away(void *memory, size_t length) {
  if (mprotect(memory, length, PROT_NONE) != 0) abort();
}

/* ------------------------------------------------------- children at fault */

static inline void on_fault(int signal) {
  static const char what[] = "a load or store where no memory is\n";
  (void)signal;
  if (write(2, what, sizeof what - 1) < 0) _exit(2);
  _exit(1);
}

static void (*fault_child_body)(void);

/* A fault ends the child: the test library's handler would go on with the
 * parent's tests in it. */
static inline void fault_child(void) {
  signal(SIGSEGV, on_fault);
  signal(SIGBUS, on_fault);
  signal(SIGABRT, SIG_DFL);
  fault_child_body();
}

static inline int in_a_fault_child(void (*body)(void)) {
  fault_child_body = body;
  return in_a_child(fault_child);
}

#define assert_child_ends_well(body) assert_int_equal(in_a_fault_child(body), 0)

static inline uint64_t failures(void) {
  wasmsig_statistics statistics;
  wasmsig_get_statistics(&statistics);
  return statistics.failures;
}

#endif
