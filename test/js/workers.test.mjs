// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Many worker threads: however they end, nothing of them remains.
 * WASMSIG_WORKERS is the number of each kind; 100 if it is not set.
 */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { PATIENCE_MS } from '../support/patience.mjs'
import { run } from './support/child.mjs'

const count = process.env.WASMSIG_WORKERS ?? '100'
const MOST_MIB = 64 // Node alone takes 39 more after 1500 workers

for (const end of ['return', 'exit', 'terminate']) {
  describe(`workers that end by ${end}`, () => {
    let left
    before(async () => {
      const patience = PATIENCE_MS + Number(count) * 1000
      const { stdout, stderr, status } = await run('workers.mjs', {
        args: [count, end],
        patience
      })
      assert.equal(status, 0, stderr)
      left = JSON.parse(stdout)
    })

    test('leave no instance behind', () => assert.equal(left.reached, 1))

    test('leave no file open', () => {
      assert.ok(left.after.files <= left.before.files, JSON.stringify(left))
    })

    test('leave no thread behind', () => {
      assert.ok(left.after.threads <= left.before.threads, JSON.stringify(left))
    })

    test('leave no memory behind', () => {
      assert.ok(left.after.mib < left.before.mib + MOST_MIB)
    })
  })
}
