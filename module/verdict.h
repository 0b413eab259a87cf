/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_MODULE_VERDICT_H
#define WSIG_MODULE_VERDICT_H

#include "wasmsig/module.h"

/** Sets the verdict, and the number of the word that it concerns (or -1), from
 * the words and the memory in the report. */
void wsig_report_judge(wasmsig_module_report *report);

#endif
