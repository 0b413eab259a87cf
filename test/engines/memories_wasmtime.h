/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is promised of Wasmtime's memories, however they are configured. */
#ifndef WASMSIG_TEST_MEMORIES_WASMTIME_H
#define WASMSIG_TEST_MEMORIES_WASMTIME_H

#include "promises.h"

extern const struct CMUnitTest kept_of_memories[4];

#endif
