/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Storm on the registry: threads add, remove and unmap at once, others raise
 * and clear without pause, and a timer's signal handler raises on top, in
 * whatever thread it finds. A store after a remove would be a fault; a store
 * beside a word kills a canary. WASMSIG_STRESS_RAISES sets the length.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "wasmsig/host.h"

#define PAGE 4096
#define WORD_AT 256
#define CANARY 0x5a
#define CHANGERS 2
#define HELD 100

static wasmsig_registry *registry;
static uint64_t wanted_raises = 200000;
static uint64_t raises, changes, handled;
static int done;

static void die(const char *what) {
  fprintf(stderr, "stress_registry: %s\n", what);
  exit(1);
}

struct guest {
  unsigned char *memory;
  wasmsig_instance instance;
};

static void begin(struct guest *guest) {
  guest->memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (guest->memory == MAP_FAILED) die("mmap");
  memset(guest->memory, CANARY, PAGE);
  memset(guest->memory + WORD_AT, 0, 16);
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = guest->memory;
  words.length = PAGE;
  words.memory_class = WASMSIG_MEMORY_FIXED;
  words.signal = WORD_AT;
  words.pending = WORD_AT + 8;
  if (wasmsig_instance_add(registry, &words, &guest->instance) != WASMSIG_OK)
    die("add failed");
}

static void end(struct guest *guest) {
  if (wasmsig_instance_remove(registry, guest->instance) != WASMSIG_OK)
    die("remove failed");
  uint32_t signal;
  memcpy(&signal, guest->memory + WORD_AT, sizeof signal);
  if (signal > WASMSIG_SIGNAL_MAX) die("a word holds what nobody raised");
  for (int i = 0; i < PAGE; i++)
    if ((i < WORD_AT || i >= WORD_AT + 16) && guest->memory[i] != CANARY)
      die("a canary is dead");
  munmap(guest->memory, PAGE);
  guest->memory = NULL;
}

static void *change(void *seed) {
  struct guest guests[HELD] = {{0}};
  unsigned random = (unsigned)(uintptr_t)seed;
  while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
    struct guest *guest = &guests[rand_r(&random) % HELD];
    if (guest->memory)
      end(guest);
    else
      begin(guest);
    __atomic_fetch_add(&changes, 1, __ATOMIC_RELAXED);
  }
  for (int i = 0; i < HELD; i++)
    if (guests[i].memory) end(&guests[i]);
  return NULL;
}

static void *storm(void *unused) {
  (void)unused;
  for (int i = 0;
       __atomic_fetch_add(&raises, 1, __ATOMIC_RELAXED) < wanted_raises; i++) {
    if (wasmsig_registry_raise(registry, 1 + i % WASMSIG_SIGNAL_MAX) < 0)
      die("raise failed");
    if (i % 16 == 0) wasmsig_process_clear(0);
  }
  return NULL;
}

static void on_alarm(int number) {
  (void)number;
  wasmsig_process_raise(WASMSIG_SIGINT);
  __atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
}

/* Registries come and go while the process is raised as a whole. */
static void *come_and_go(void *unused) {
  (void)unused;
  while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
    wasmsig_registry *other;
    if (wasmsig_registry_create(&other) != WASMSIG_OK) die("create failed");
    uint32_t word[4] = {0};
    wasmsig_words words = WASMSIG_WORDS_INIT;
    words.memory = word;
    words.length = sizeof word;
    words.memory_class = WASMSIG_MEMORY_FIXED;
    words.signal = 0;
    wasmsig_instance instance;
    if ((uintptr_t)word % 8 == 0 &&
        wasmsig_instance_add(other, &words, &instance) != WASMSIG_OK)
      die("add failed");
    wasmsig_registry_destroy(other);
  }
  return NULL;
}

int main(void) {
  const char *length = getenv("WASMSIG_STRESS_RAISES");
  if (length) wanted_raises = strtoull(length, NULL, 10);
  if (wasmsig_registry_create(&registry) != WASMSIG_OK) die("create failed");

  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval every = {{0, 200}, {0, 200}};
  setitimer(ITIMER_REAL, &every, NULL);

  pthread_t changers[CHANGERS], stormer, founder;
  for (uintptr_t i = 0; i < CHANGERS; i++)
    pthread_create(&changers[i], NULL, change, (void *)(i + 1));
  pthread_create(&founder, NULL, come_and_go, NULL);
  pthread_create(&stormer, NULL, storm, NULL);
  pthread_join(stormer, NULL);
  __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
  for (int i = 0; i < CHANGERS; i++) pthread_join(changers[i], NULL);
  pthread_join(founder, NULL);
  every = (struct itimerval){{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &every, NULL);

  size_t left = wasmsig_registry_count(registry);
  printf("%llu raises, %llu adds and removes, %llu in a handler, %zu left\n",
         (unsigned long long)raises, (unsigned long long)changes,
         (unsigned long long)handled, left);
  if (left != 0) die("instances are left");
  if (changes == 0) die("nothing was added or removed");
  wasmsig_registry_destroy(registry);
  return 0;
}
