/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_PROCESS_FAULT_SIGNALS_H
#define WASMSIG_CLI_PROCESS_FAULT_SIGNALS_H

/*
 * An engine handles SIGSEGV, SIGBUS, SIGILL and SIGFPE, because faults of the
 * guest's code are its traps. The same signal sent by kill(2) is no fault. It
 * ends the process as it ends any, unless the process ignored it from its
 * start.
 */

/* Call it before the engine installs its handlers. */
void cli_fault_signals_prepare(void);

/* Call it when the engine has installed its handlers: wraps them. */
void cli_fault_signals_wrap(void);

#endif
