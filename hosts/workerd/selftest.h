/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_WORKERD_SELFTEST_H
#define WSIG_WORKERD_SELFTEST_H

/**
 * Compares what this library believes of the runtime's layouts with what the
 * runtime's own functions do, before any of it is used.
 *
 * Returns:   NULL, or what is not as expected: a sentence's end.
 */
const char *wkd_selftest(void);

#endif
