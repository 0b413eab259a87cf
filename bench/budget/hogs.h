/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Hogs: processes that only use the processors. Each is in a session of its
 * own, like other programs: the kernel may distribute CPU time by session.
 */
#ifndef BENCH_BUDGET_HOGS_H
#define BENCH_BUDGET_HOGS_H

/* On the processors of the calling thread, which must not end before them. They
 * end when the program ends, also if it is killed. */
void hogs_start(int count);
void hogs_stop(void);

#endif
