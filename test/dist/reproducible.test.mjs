// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The same commit makes the same bytes in a folder with another path. Here are
 * the packages that are made in seconds; before a release all are compared.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

import { ROOT } from './support/packages.mjs'

const changes = execFileSync('git', ['status', '--porcelain'], {
  cwd: ROOT,
  encoding: 'utf8'
})
const skip = changes !== '' && 'NOT RUN: there are changes to the commit'
if (skip) console.error(skip)

test('four packages have the same bytes in another folder', { skip }, () => {
  const parts = ['workerd', 'guest', 'crate', 'source']
  const { status, stdout, stderr } = spawnSync(
    join(ROOT, 'scripts/dist/compare'),
    parts,
    { encoding: 'utf8' }
  )
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^4 files have the same bytes$/m)
})
