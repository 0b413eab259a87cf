/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Hogs: processes that do nothing but use up the processors. Each is a session
 * of its own, as somebody else's work is: where the kernel shares out CPU by
 * session, it is not at our cost.
 */
#ifndef BENCH_BUDGET_HOGS_H
#define BENCH_BUDGET_HOGS_H

/* On the processors of the calling thread, which must not end before them.
 * When the program ends, however it does, they end. */
void hogs_start(int count);
void hogs_stop(void);

#endif
