// SPDX-License-Identifier: Apache-2.0 OR MIT
// Calls that wait, ended by signals. The tests are in programs/calls.c.
import { program, testAll } from './support/posix.mjs'

testAll(program('calls'))
