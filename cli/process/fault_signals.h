/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_PROCESS_FAULT_SIGNALS_H
#define WASMSIG_CLI_PROCESS_FAULT_SIGNALS_H

/*
 * An engine handles SIGSEGV, SIGBUS, SIGILL and SIGFPE, as faults of the
 * guest's code are its traps. One that somebody sends, by kill(2), is no fault:
 * it ends the process as it does any, unless it was ignored when the process
 * began.
 */

/* Before the engine takes them. */
void cli_faults_prepare(void);
/* Once it has. */
void cli_faults_take(void);

#endif
