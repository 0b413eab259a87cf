/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A runtime that does nothing, so that the library's functions run without
 * workerd: one isolate, one enforcer, no instances.
 */
#ifndef TEST_WORKERD_NO_RUNTIME_H
#define TEST_WORKERD_NO_RUNTIME_H

#include <stdint.h>

extern char no_runtime_enforcer;

/** Replaces the runtime; the requests have these limits. */
void no_runtime_use(uint64_t soft_ns, uint64_t hard_ns);

/** Does what V8 was asked to do in the isolate's thread: call it in a loop. */
void no_runtime_interrupt_if_asked(void);

#endif
