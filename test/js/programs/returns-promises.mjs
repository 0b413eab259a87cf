// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Functions that return promises, on a budget and in runAsync of one. */
import assert from 'node:assert/strict'
import { setImmediate as soon } from 'node:timers/promises'
import { CpuBudget, capabilities, limitCpu } from 'wasmsig'

const warnings = []
process.on('warning', ({ code, message }) => warnings.push([code, message]))

const later = async () => 7
const budget = new CpuBudget({ hard: 1000 })

budget.run(() => 1)
if (capabilities.asyncContext) {
  // The rest is charged to the same budget.
  await budget.runAsync(async () => {
    await budget.run(later)
    await budget.bind(later)()
  })
}
await soon()
assert.deepEqual(warnings, [])

assert.equal(await budget.run(later), 7)
assert.equal(await budget.bind(later)(), 7)
assert.equal(await limitCpu(later, { hard: 1000 })(), 7)
await soon()
assert.equal(warnings.length, 1)
assert.equal(warnings[0][0], 'WASMSIG_NOT_LIMITED')
if (capabilities.asyncContext) assert.match(warnings[0][1], /use runAsync/)
