// SPDX-License-Identifier: Apache-2.0 OR MIT
// Timers of the program's own: nobody raises them from outside. The tests are in programs/timers.c.
import { program, testAll } from './support/posix.mjs'

testAll(program('timers'))
