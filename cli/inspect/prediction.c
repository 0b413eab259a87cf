/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "inspect/prediction.h"

#include "text/verdict.h"

/* Whether signals would reach the module's code only after `instrument`. */
static bool is_of_interest(const wasmsig_module_report *report) {
  if (!wasmsig_verdict_is_readable(report->verdict)) return false;
  return !cli_has_signal_word(report) ||
         (report->polls.atomic == 0 && report->polls.plain == 0);
}

struct cli_prediction cli_predict(const uint8_t *bytes, size_t length,
                                  const wasmsig_module_report *report) {
  struct cli_prediction prediction = {.made = WASMSIG_INSTRUMENTED_INIT};
  if (!is_of_interest(report)) return prediction;
  int error = wasmsig_instrument(bytes, length, NULL, &prediction.made);
  prediction.is_known = error >= 0;
  return prediction;
}

void cli_release_prediction(struct cli_prediction *prediction) {
  wasmsig_instrumented_release(&prediction->made);
}
