/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_RUN_COMPILE_NOTICE_H
#define WASMSIG_CLI_RUN_COMPILE_NOTICE_H

#include <stdbool.h>

/* If more than a second passes between the two calls, and standard error is a
 * terminal, one line says that the module is compiled. To stop what has not
 * been started has no effect. */
void cli_compile_notice_start(const char *file, bool is_stored);
void cli_compile_notice_stop(void);

#endif
