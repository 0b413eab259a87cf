// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Instances are held weakly, and their memories as long as they are tracked.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { run } from './support/child.mjs'
import { ofResidentSets } from './support/sanitizer.mjs'

const BATCHES = 20
const SIZE = 100
const flags = ['--expose-gc']

let result
before(async () => {
  const args = [String(BATCHES), String(SIZE)]
  const { stdout, stderr, status } = await run('collect.mjs', { flags, args })
  assert.equal(status, 0, stderr)
  result = JSON.parse(stdout)
})

test('instances without references are collected', () => {
  assert.ok(result.gone >= BATCHES - 2, `${result.gone}`)
})

test('sweeps drop the entries of collected instances', () => {
  const { collected, sweeps } = result.stats
  assert.ok(sweeps >= 1)
  assert.ok(collected >= result.made / 2, `${collected}`)
})

test('every instance is either tracked or collected', () => {
  const { tracked, collected } = result.stats
  assert.equal(tracked.FIXED + collected, result.made)
})

test('the number of tracked instances is bounded', () => {
  assert.ok(result.peak < result.made / 2, `${result.peak}`)
})

test('an instance that is in use stays tracked', () => {
  assert.equal(result.whole, 15)
})

test('an instance stays tracked while one of its functions is in use', () => {
  assert.equal(result.spin, 15)
})

test('a memory whose instance was collected can still be read', () => {
  assert.ok([0, 10, 15].includes(result.memory))
})

test('raise counts the tracked instances', () => {
  assert.ok(result.alive >= 2)
  assert.ok(result.alive <= result.stats.tracked.FIXED)
})

test('imported memories are released with their instances', async () => {
  const program = 'collect-imported.mjs'
  const { stdout, status, signal } = await run(program, { flags })
  assert.equal(signal, null)
  assert.equal(status, 0)
  assert.equal(stdout, 'end\n')
})

const dropped = { skip: ofResidentSets }
test(
  'budgets without references are freed in a loop that never waits',
  dropped,
  async () => {
    const { stdout, stderr, status } = await run('many-budgets.mjs', { flags })
    assert.equal(status, 0, stderr)
    const { many, grown, kept, used } = JSON.parse(stdout)
    assert.equal(used, kept)
    // A budget has more than 400 bytes outside of JavaScript's heap.
    assert.ok(grown < 100 * many, `${grown}`)
  }
)
