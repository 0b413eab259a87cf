/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "selftest.h"

#include "abi.h"
#include "answers.h"
#include "binary/runtime.h"
#include "exceeded.h"
#include "tracked_list.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#define WORDS 16
#define BYTES (WORDS * sizeof(uint32_t))

/* Two instances, whose words are at other places, and one without a signal
 * word. Every other word is a witness. */
enum { SIGNAL_A = 3, TERMINATED_A = 7, SIGNAL_B = 12, TERMINATED_B = 5 };
enum { TERMINATED_C = 9, WITNESS = 0x5a5a5a5a, SIGNAL = 24 };

static uint32_t memory_a[WORDS], memory_b[WORDS], memory_c[WORDS];

static uint32_t offset(int word) {
  return (uint32_t)word * (uint32_t)sizeof(uint32_t);
}

static void add(void *list, uint32_t *memory, int signal, int terminated) {
  for (int i = 0; i < WORDS; i++) memory[i] = WITNESS;
  memory[terminated] = 0;
  uint32_t at = signal >= 0 ? offset(signal) : 0;
  struct wkd_array bytes = wkd_static_array(memory, BYTES);
  wkd_abi_register(wkd_runtime.list_register,
                   wkd_runtime.layout == WKD_LAYOUT_OPTIONAL, list, &bytes,
                   signal >= 0 ? &at : NULL, offset(terminated));
}

static bool holds(const uint32_t *memory, int signal, uint32_t signal_value,
                  int terminated, uint32_t terminated_value) {
  for (int i = 0; i < WORDS; i++) {
    uint32_t expected = i == signal       ? signal_value
                        : i == terminated ? terminated_value
                                          : (uint32_t)WITNESS;
    if (memory[i] != expected) return false;
  }
  return true;
}

static bool all_hold(uint32_t signal, uint32_t terminated) {
  return holds(memory_a, SIGNAL_A, signal, TERMINATED_A, terminated) &&
         holds(memory_b, SIGNAL_B, signal, TERMINATED_B, terminated) &&
         holds(memory_c, -1, 0, TERMINATED_C, terminated);
}

static bool list_is_as_expected(void) {
  void *list = NULL; /* workerd::TrackedWasmInstanceList: its first entry */
  void *lock = NULL;
  add(&list, memory_a, SIGNAL_A, TERMINATED_A);
  add(&list, memory_b, SIGNAL_B, TERMINATED_B);
  add(&list, memory_c, -1, TERMINATED_C);
  bool is_right = list != NULL && all_hold(0, 0);
  is_right = is_right && wkd_list_raise(&list, SIGNAL) == 2 &&
             all_hold(SIGNAL, 0) && wkd_list_clear(&list, SIGNAL) == 2 &&
             all_hold(0, 0) && wkd_list_terminate(&list) == 3 && all_hold(0, 1);
  wkd_runtime.list_clear(&list, &lock);
  return is_right && list == NULL;
}

static bool exception_is_as_expected(void) {
  wkd_exception exception, answer;
  wkd_exceeded_request(&exception);
  wkd_exceeded_answer(&answer);
  bool is_right =
      wkd_is_exceeded_request(&exception) && !wkd_is_exceeded_request(&answer);
  if (wkd_runtime.outcome_of)
    is_right = is_right && wkd_runtime.outcome_of(&exception, 0) ==
                               WKD_OUTCOME_EXCEEDED_CPU;
  wkd_runtime.exception_destroy(&answer);
  wkd_runtime.exception_destroy(&exception);
  return is_right;
}

const char *wkd_selftest(void) {
  if (wkd_runtime.parse_method)
    wkd_runtime.passes_strings_by_pointer =
        wkd_abi_passes_strings_by_pointer(wkd_runtime.parse_method);
  if (!list_is_as_expected())
    return "the list of tracked instances is not as expected";
  if (!exception_is_as_expected())
    return "an exception of exceeded CPU time is not as expected";
  if (wkd_runtime.serves_http_by_rust && !wkd_answers_are_as_expected())
    return "the promise of an HTTP response is not as expected";
  return NULL;
}
