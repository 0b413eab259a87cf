/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Promises of Wasmtime's memories, for many configurations. */
#ifndef WASMSIG_TEST_MEMORIES_WASMTIME_H
#define WASMSIG_TEST_MEMORIES_WASMTIME_H

#include "promises.h"

extern const struct CMUnitTest memory_promises[4];

#endif
