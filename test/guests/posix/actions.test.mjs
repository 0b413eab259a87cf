// SPDX-License-Identifier: Apache-2.0 OR MIT
// What is done at a signal. The tests are in programs/actions.c.
import { program, testAll } from './support/posix.mjs'

testAll(program('actions'))
