/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The promises of docs/explanation/protocol.md and of budgets, as cmocka tests.
 * A group is a row of the table, and a test's name is the promise.
 */
#ifndef WASMSIG_TEST_PROMISES_H
#define WASMSIG_TEST_PROMISES_H

#include "engine.h"

struct row {
  const char *name;
  const struct CMUnitTest *promises;
  size_t count;
};

#define PROMISE(function)                     \
  static void function##_body(void);          \
  static void function(void **unused_state) { \
    (void)unused_state;                       \
    restore_engine_handlers();                \
    function##_body();                        \
  }                                           \
  static void function##_body(void)
#define KEEPS(sentence, function) {sentence, function, NULL, NULL, NULL}
#define ROW(sentence, promises) \
  {sentence, promises, sizeof(promises) / sizeof((promises)[0])}

/* Skips a promise that this engine cannot be tried for. The table of engines
 * shows the reason. */
#define NEEDS(condition, reason)                        \
  do {                                                  \
    if (!(condition)) {                                 \
      print_message("# cannot be tried: %s\n", reason); \
      skip();                                           \
      return;                                           \
    }                                                   \
  } while (0)

#define MS UINT64_C(1000000)

/* cmocka installs its own handlers of faults for each test. Restores those of
 * the engine. */
void restore_engine_handlers(void);

struct guest *open_guest(const char *text);
uint32_t word_at(struct guest *guest, uint64_t address);
uint64_t pending_of(struct guest *guest);
void set_word(struct guest *guest, uint64_t address, uint32_t value);

/* Limits with the guest's registry and its kill. */
wasmsig_budget_options limits_of(struct guest *guest, uint64_t soft_ns,
                                 uint64_t hard_ns);

/* A call in a section of a new budget. */
struct limited {
  enum ending ending;
  int32_t result;
  int outcome; /* of the leave */
  uint64_t used_ns;
};
struct limited call_limited(struct guest *guest,
                            const wasmsig_budget_options *limits,
                            const char *function, int32_t argument);

/* Checks that a call without limits returns. */
void assert_works(struct guest *guest);

extern const struct row rows_of_words[];
extern const size_t rows_of_words_count;
extern const struct row rows_of_limits[];
extern const size_t rows_of_limits_count;
extern const struct row rows_of_signals[];
extern const size_t rows_of_signals_count;
extern const struct row rows_of_moving[];
extern const size_t rows_of_moving_count;
extern const struct row rows_of_lifetime[];
extern const size_t rows_of_lifetime_count;
/* Promises of this engine's adapter alone. */
extern const struct row rows_of_engine[];
extern const size_t rows_of_engine_count;

#endif
