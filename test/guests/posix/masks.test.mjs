// SPDX-License-Identifier: Apache-2.0 OR MIT
// Pending signals, and functions that wait for them. The tests are in programs/masks.c.
import { program, testAll } from './support/posix.mjs'

testAll(program('masks'))
