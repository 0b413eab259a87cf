// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The tests of the command, with the command from the archives: for musl with
 * Debian's loader of musl, for 64-bit Arm in an emulator.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { runTests, runnable, unpack } from './support/commands.mjs'

const place = mkdtempSync(join(tmpdir(), 'wasmsig-systems-'))
after(() => rmSync(place, { recursive: true }))

const file = (name) => `test/cli/${name}.test.mjs`

/** Runs the tests in `files`, and compares what fails with what may. */
function passes(system, files, options) {
  const command = runnable(system, unpack(system, join(place, system)), place)
  const { passed, failures, output } = runTests(command, files, options)
  assert.deepEqual(failures, [], output)
  assert.ok(passed > 0, output)
}

test('x64-musl: the tests of signals, limits and the cache pass', () => {
  passes('x64-musl', ['signals', 'limits', 'grace', 'cache'].map(file))
})
