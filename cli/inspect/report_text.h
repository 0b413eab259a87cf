/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_INSPECT_REPORT_TEXT_H
#define WASMSIG_CLI_INSPECT_REPORT_TEXT_H

#include "inspect/prediction.h"

/* Prints the report of a readable module on standard output, for people. */
void cli_print_report(const char *path, const wasmsig_module_report *report,
                      const struct cli_prediction *prediction);

#endif
