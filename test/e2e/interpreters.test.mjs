// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The examples with interpreters of other languages. Each has a command that
 * fetches its interpreter once, and says whether all went as it should.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { PATIENCE_MS } from '../support/patience.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** CPython is compiled once, not at each run of the tests. */
const WASMSIG_CACHE = join(ROOT, 'build/e2e-cache')

/** pip and npm would run under the sanitizer, too. */
const skip =
  process.env.ASAN_OPTIONS !== undefined && 'not under AddressSanitizer'

for (const name of ['python', 'quickjs-emscripten', 'ruby', 'php']) {
  test(`examples/${name}/run shows what it promises`, { skip }, () => {
    const { status, stdout, stderr } = spawnSync(`examples/${name}/run`, {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, WASMSIG_CACHE },
      timeout: PATIENCE_MS
    })
    assert.equal(status, 0, stdout + stderr)
  })
}
