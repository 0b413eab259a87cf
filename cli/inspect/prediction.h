/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What `wasmsig instrument` would do with a module that cannot be signalled. */
#ifndef WASMSIG_CLI_INSPECT_PREDICTION_H
#define WASMSIG_CLI_INSPECT_PREDICTION_H

#include "wasmsig/instrument.h"

struct cli_prediction {
  bool is_known;
  wasmsig_instrumented made; /* without the new module */
};

/* Instruments the module and drops the result. It does so only if the module
 * has no words, or no polls: otherwise nothing is known. Release it afterwards.
 */
struct cli_prediction cli_predict(const uint8_t *bytes, size_t length,
                                  const wasmsig_module_report *report);
void cli_release_prediction(struct cli_prediction *prediction);

#endif
