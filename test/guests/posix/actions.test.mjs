// SPDX-License-Identifier: Apache-2.0 OR MIT
// Actions for signals. The tests are in programs/actions.c.
import { program, testAll } from './support/posix.mjs'

testAll(program('actions'))
