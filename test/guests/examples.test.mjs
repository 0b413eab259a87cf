// SPDX-License-Identifier: Apache-2.0 OR MIT
// The examples' own commands: each says itself whether all went as it should.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

import { ROOT } from './support/compilers.mjs'

for (const name of ['sqlite', 'quickjs']) {
  test(`examples/${name}/run shows what it promises`, () => {
    const { status, stdout, stderr } = spawnSync(`examples/${name}/run`, {
      cwd: ROOT,
      encoding: 'utf8'
    })
    assert.equal(status, 0, stdout + stderr)
  })
}
