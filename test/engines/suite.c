/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Runs all rows with the engine. Functions that the promises share. */
#include <signal.h>

#include "guests.h"
#include "promises.h"

int32_t (*host_call)(int32_t argument);

struct guest *open_guest(const char *text) {
  return engine.open(text, USUAL, NULL, NULL);
}

uint32_t word_at(struct guest *guest, uint64_t address) {
  uint32_t word;
  memcpy(&word, engine.memory(guest) + address, sizeof word);
  return word;
}

uint64_t pending_of(struct guest *guest) {
  uint64_t pending;
  memcpy(&pending, engine.memory(guest) + PENDING_AT, sizeof pending);
  return pending;
}

void set_word(struct guest *guest, uint64_t address, uint32_t value) {
  memcpy(engine.memory(guest) + address, &value, sizeof value);
}

wasmsig_budget_options limits_of(struct guest *guest, uint64_t soft_ns,
                                 uint64_t hard_ns) {
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = soft_ns;
  limits.hard_ns = hard_ns;
  limits.registry = guest->registry;
  engine.limit(guest, &limits);
  return limits;
}

struct limited call_limited(struct guest *guest,
                            const wasmsig_budget_options *limits,
                            const char *function, int32_t argument) {
  struct limited call = {.result = -1};
  wasmsig_budget budget;
  assert_int_equal(wasmsig_budget_init(&budget, limits), 0);
  assert_int_equal(wasmsig_budget_enter(&budget), 0);
  call.ending = engine.call(guest, function, argument, &call.result);
  call.outcome = wasmsig_budget_leave(&budget);
  call.used_ns = wasmsig_budget_used_ns(&budget);
  assert_int_equal(wasmsig_budget_destroy(&budget), 0);
  return call;
}

void assert_works(struct guest *guest) {
  int32_t result = -1;
  assert_int_equal(engine.call(guest, "work", 10, &result), RETURNED);
  assert_int_equal(result, 0);
}

static const int faults[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
enum { FAULTS = sizeof faults / sizeof faults[0] };
static struct sigaction engine_handlers[FAULTS];

static void save_engine_handlers(void) {
  for (int i = 0; i < FAULTS; i++)
    sigaction(faults[i], NULL, &engine_handlers[i]);
}

void restore_engine_handlers(void) {
  for (int i = 0; i < FAULTS; i++)
    sigaction(faults[i], &engine_handlers[i], NULL);
}

/* In the order of the table of JavaScript hosts. */
static const struct chapter {
  const struct row *rows;
  const size_t *count;
  bool needs_moving_memories;
} chapters[] = {
    {rows_of_words, &rows_of_words_count, false},
    {rows_of_signals, &rows_of_signals_count, false},
    {rows_of_limits, &rows_of_limits_count, false},
    {rows_of_moving, &rows_of_moving_count, true},
    {rows_of_lifetime, &rows_of_lifetime_count, false},
    {rows_of_engine, &rows_of_engine_count, false},
};

static int run_rows(const struct chapter *chapter) {
  int failures = 0;
  for (size_t i = 0; i < *chapter->count; i++)
    failures += _cmocka_run_group_tests(chapter->rows[i].name,
                                        chapter->rows[i].promises,
                                        chapter->rows[i].count, NULL, NULL);
  return failures;
}

int main(void) {
  struct version version = engine.version();
  print_message("# %s %u.%u.%u\n", engine.name, version.major, version.minor,
                version.patch);
  engine.start();
  save_engine_handlers();
  int failures = 0;
  for (size_t i = 0; i < sizeof chapters / sizeof chapters[0]; i++)
    if (chapters[i].needs_moving_memories || !engine.has_only_moving_memories)
      failures += run_rows(&chapters[i]);
  engine.end();
  return failures > 0;
}
