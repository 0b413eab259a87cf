/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_WORKERD_ENVIRONMENT_H
#define WSIG_WORKERD_ENVIRONMENT_H

/**
 * Takes the settings and this library out of the environment, once they were
 * read: programs that the runtime starts are not affected. When the runtime
 * starts itself again, they are put back (reexec.h).
 *
 * Returns:   NULL, or what is wrong: a sentence's end.
 */
const char *wkd_environment_leave(void);

#endif
