/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The runtime's own list of instances that have signal words.
 *
 * The runtime changes the list in the thread that holds the isolate's lock, by
 * single stores of pointers, so that a signal handler of that thread may walk
 * it at any moment (src/workerd/io/tracked-wasm-instance.h). No other thread
 * may: an entry and its memory can be freed meanwhile.
 */
#ifndef WSIG_WORKERD_TRACKED_LIST_H
#define WSIG_WORKERD_TRACKED_LIST_H

#include <stdint.h>

/* All of them: the isolate's thread only. Signal handlers: yes. Each returns
 * in how many instances it has changed a word. */

/** Stores `signal` into every signal word, but of instances that say that they
 * are terminated. */
uint64_t wkd_list_raise(const void *list, uint32_t signal);

/** Zeroes the signal words that are `signal`. */
uint64_t wkd_list_clear(const void *list, uint32_t signal);

/** Stores 1 into every terminated word. */
uint64_t wkd_list_terminate(const void *list);

#endif
