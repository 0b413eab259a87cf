// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Instances of node:vm contexts are collected with their context. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { capabilities } from 'wasmsig'
import { run } from './support/child.mjs'

// Only this engine can hold a memory without its realm.
const skip = capabilities.hardKill === 'engine' ? false : 'not in this host'

let left
before(async () => {
  if (skip) return
  const flags = ['--expose-gc']
  const { stdout, stderr, status } = await run('contexts.mjs', { flags })
  assert.equal(status, 0, stderr)
  left = JSON.parse(stdout)
})

test('a context whose global holds an instance is collected', { skip }, () => {
  assert.ok(left.gone >= left.made - 5, JSON.stringify(left))
})

test('entries of collected contexts are dropped', { skip }, () => {
  assert.ok(left.collected >= left.made / 2, JSON.stringify(left))
  assert.equal(left.tracked.FIXED + left.collected, left.made)
})
