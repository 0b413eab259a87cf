/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_INSPECT_REPORT_JSON_H
#define WASMSIG_CLI_INSPECT_REPORT_JSON_H

#include "inspect/prediction.h"

/* The report as one line of JSON on standard output. */
void cli_print_json(const char *path, const wasmsig_module_report *report,
                    const struct cli_prediction *prediction);

/* "function", "global" and so on. */
const char *cli_kind_name(wasmsig_extern_kind kind);

#endif
