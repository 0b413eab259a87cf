// SPDX-License-Identifier: Apache-2.0 OR MIT
// Signals at the one moment that matters. The tests are in programs/race.c.
import { program, testAll } from './support/posix.mjs'

testAll(program('race'))
