// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Uses every function in a process where the package is disabled. */
import assert from 'node:assert/strict'
import * as wasmsig from 'wasmsig'
import { guest } from '../support/guests.mjs'

const { Instance, instantiate } = WebAssembly
const { CpuBudget, forward, install, limitCpu, raise, uninstall } = wasmsig
assert.equal(install(), false)
assert.equal(uninstall(), false)
assert.equal(WebAssembly.Instance, Instance)
assert.equal(WebAssembly.instantiate, instantiate)

const instance = new WebAssembly.Instance(new WebAssembly.Module(guest()))
assert.equal(raise('SIGINT', instance), 0)
assert.equal(raise('SIGINT'), 0)
assert.equal(wasmsig.clear(), 0)

const busy = () => {
  const end = performance.now() + 20
  while (performance.now() < end);
  return 'through'
}
const budget = new CpuBudget({ soft: 1, hard: 2 })
assert.equal(budget.run(busy), 'through')
assert.equal(
  budget.reset().run((...args) => args.length, 1, 2, 3),
  3
)
assert.equal(budget.used, 0)
assert.equal(budget.state, 'ready')
assert.equal(limitCpu(busy, { hard: 2 })(), 'through')
const self = {}
const whose = function () {
  return this
}
assert.equal(limitCpu(whose, { hard: 2 }).call(self), self)
assert.throws(() => new CpuBudget({ soft: -1 }), RangeError)

forward(['SIGUSR2']).stop()
forward(['SIGUSR2'])
assert.equal(process.listenerCount('SIGUSR2'), 0)
assert.deepEqual(wasmsig.stats().untracked, {})
assert.equal(wasmsig.capabilities.hardKill, 'word')
console.log('plain')
