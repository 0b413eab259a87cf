/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "guest.h"

#include <sys/mman.h>

/* A memory of one page that may grow to sixteen. */
#define PAGE ((size_t)65536)
#define RESERVED (16 * PAGE)

/* Each on a cache line of its own. */
#define SIGNAL_ADDRESS 1024
#define TIMER_ADDRESS 2048
#define PLAIN_ADDRESS 3072

#define POLLS 0x100000 /* between two readings of the clock */

static word *word_at(struct guest *guest, size_t address) {
  return (word *)(void *)(guest->memory + address);
}

/* As an engine does: its maximum is reserved, one page is in use. */
static void map_memory(struct guest *guest) {
  void *base = mmap(NULL, RESERVED, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) fail_errno("mmap");
  check_errno(mprotect(base, PAGE, PROT_READ | PROT_WRITE), "mprotect");
  guest->memory = base;
}

static void track(struct guest *guest) {
  check(wasmsig_registry_create(&guest->registry), "wasmsig_registry_create");

  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = guest->memory;
  words.length = PAGE;
  words.memory_class =
      wasmsig_memory_classify(guest->memory, PAGE, RESERVED, RESERVED, false);
  words.signal = SIGNAL_ADDRESS;
  wasmsig_instance instance;
  check(wasmsig_instance_add(guest->registry, &words, &instance),
        "wasmsig_instance_add");
}

void guest_create(struct guest *guest) {
  map_memory(guest);
  guest->signal = word_at(guest, SIGNAL_ADDRESS);
  guest->timer_word = word_at(guest, TIMER_ADDRESS);
  guest->plain_word = word_at(guest, PLAIN_ADDRESS);
  track(guest);
}

void guest_destroy(struct guest *guest) {
  check(wasmsig_registry_destroy(guest->registry), "wasmsig_registry_destroy");
  munmap(guest->memory, RESERVED);
}

int64_t guest_spin(word *signal, int64_t give_up) {
  for (uint64_t polls = 1;; polls++) {
    if (atomic_load_explicit(signal, memory_order_acquire) != 0) {
      int64_t seen = now_ns(CLOCK_THREAD_CPUTIME_ID);
      atomic_store_explicit(signal, 0, memory_order_relaxed);
      return seen;
    }
    /* So rarely that it changes no sample. */
    if (polls % POLLS == 0 && now_ns(CLOCK_THREAD_CPUTIME_ID) > give_up)
      return -1;
  }
}

void word_store(word *to, uint32_t value) {
  atomic_store_explicit(to, value, memory_order_release);
}
