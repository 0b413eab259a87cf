// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which signals wait, and who waits for them. The tests are in programs/masks.c.
import { program, testAll } from './support/posix.mjs'

testAll(program('masks'))
