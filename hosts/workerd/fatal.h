/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_WORKERD_FATAL_H
#define WSIG_WORKERD_FATAL_H

/** Ends the process: limits that cannot be kept are not dropped in silence. */
_Noreturn void wkd_fatal(const char *reason);

#endif
