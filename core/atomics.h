/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Atomic accesses. Each name says its memory order. They work on plain integers
 * and pointers, because a guest's words are plain memory.
 */
#ifndef WSIG_ATOMICS_H
#define WSIG_ATOMICS_H

#define wsig_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define wsig_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define wsig_load_seq_cst(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)

#define wsig_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define wsig_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define wsig_store_seq_cst(p, v) __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)

#define wsig_add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define wsig_add_release(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELEASE)
#define wsig_sub_release(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_RELEASE)
#define wsig_add_seq_cst(p, v) __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define wsig_or_relaxed(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define wsig_or_seq_cst(p, v) __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define wsig_or_release(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELEASE)
#define wsig_and_relaxed(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define wsig_xor_relaxed(p, v) __atomic_fetch_xor((p), (v), __ATOMIC_RELAXED)
#define wsig_and_seq_cst(p, v) __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define wsig_exchange_acquire(p, v) \
  __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define wsig_exchange_release(p, v) \
  __atomic_exchange_n((p), (v), __ATOMIC_RELEASE)
#define wsig_exchange_relaxed(p, v) \
  __atomic_exchange_n((p), (v), __ATOMIC_RELAXED)

/* True if *p was *expected and is now v; else *expected becomes the value of
 * *p. */
#define wsig_cas_relaxed(p, expected, v)                                 \
  __atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_RELAXED, \
                              __ATOMIC_RELAXED)
#define wsig_cas_release(p, expected, v)                                 \
  __atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_RELEASE, \
                              __ATOMIC_RELAXED)
#define wsig_cas_seq_cst(p, expected, v)                                 \
  __atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_SEQ_CST, \
                              __ATOMIC_SEQ_CST)
#define wsig_cas_acq_rel(p, expected, v)                                 \
  __atomic_compare_exchange_n((p), (expected), (v), 0, __ATOMIC_ACQ_REL, \
                              __ATOMIC_RELAXED)

/* Between a thread and the handlers that interrupt it: only the compiler could
 * change the order. */
#define wsig_handler_fence() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#endif
