// SPDX-License-Identifier: Apache-2.0 OR MIT
// Reads and writes that a host ends, and no host does as it is told: the tests
// are in programs/wrappers.c, which is its own.
import { program, testAll } from './support/posix.mjs'

testAll(program('wrappers'))
