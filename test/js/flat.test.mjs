// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Instances of 16 MiB without references do not take more memory as their
 * number grows, also in loops where no finalizer runs. WASMSIG_INSTANCES is
 * their number; 1000 if it is not set.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PATIENCE_MS } from '../support/patience.mjs'
import { run } from './support/child.mjs'
import { ofResidentSets as skip } from './support/sanitizer.mjs'

const count = process.env.WASMSIG_INSTANCES ?? '1000'
const MOST_MIB = 48 // three instances; garbage varies by as much

for (const kind of ['synchronous', 'microtask', 'macrotask']) {
  for (const grows of ['', 'grow']) {
    const how = grows ? 'grow to 16 MiB' : 'have 16 MiB'
    test(
      `instances that ${how} stay flat in a ${kind} loop`,
      { skip },
      async () => {
        const patience = PATIENCE_MS + Number(count) * 10
        const args = [kind, count, grows]
        const { stdout, stderr, status } = await run('flat.mjs', {
          args,
          patience
        })
        assert.equal(status, 0, stderr)
        const { early, peak, end, tracked, collected } = JSON.parse(stdout)
        assert.ok(end < early + MOST_MIB, stdout)
        assert.ok(peak < early + 2 * MOST_MIB, stdout)
        const { FIXED, SHARED, MOVABLE } = tracked
        assert.equal(FIXED + SHARED + MOVABLE + collected, Number(count))
        assert.ok(collected > Number(count) / 2, stdout)
      }
    )
  }
}
