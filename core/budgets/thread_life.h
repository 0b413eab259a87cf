/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The beginning and the end of threads' records. */
#ifndef WSIG_THREAD_LIFE_H
#define WSIG_THREAD_LIFE_H

#include "budgets/thread.h"

/* The calling thread's record, which is created if it does not exist; NULL and
 * an error if that fails. */
struct wsig_thread *wsig_thread_self(int *error);

#endif
