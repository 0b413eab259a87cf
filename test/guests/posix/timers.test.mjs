// SPDX-License-Identifier: Apache-2.0 OR MIT
// The program's own timers: their signals do not come from outside. The tests are in programs/timers.c.
import { program, testAll } from './support/posix.mjs'

testAll(program('timers'))
