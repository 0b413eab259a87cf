// SPDX-License-Identifier: Apache-2.0 OR MIT
/** After a kill everything works as before. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import vm from 'node:vm'
import { CpuBudget, CpuLimitError, limitCpu, install, raise } from 'wasmsig'
import { run } from './support/child.mjs'
import { instantiate, read } from './support/guests.mjs'
import { caught, spend } from './support/work.mjs'

install()

const { burn, work } = instantiate().exports

/** Kills `fn`, and asserts that the error is this kill's. */
function killed(fn, ...args) {
  const budget = new CpuBudget({ hard: 5 })
  const error = caught(() => budget.run(fn, ...args))
  assert.ok(error instanceof CpuLimitError, String(error))
  return error
}

test('a killed guest can be called again', () => {
  const instance = instantiate()
  killed(instance.exports.burn)
  assert.equal(instance.exports.work(10), 0)
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(instance.exports.spin(), 2)
})

test('a thousand calls after a kill work', () => {
  killed(burn)
  for (let i = 0; i < 1000; i += 1) assert.equal(work(10), 0)
  assert.equal(JSON.stringify([1, 2].map((x) => x * 2)), '[2,4]')
})

test('timers, promises and events work after a kill', async () => {
  const order = []
  const timer = new Promise((resolve) => setTimeout(resolve, 1))
  const soon = Promise.resolve().then(() => order.push('promise'))
  process.nextTick(() => order.push('tick'))
  setImmediate(() => order.push('immediate'))
  killed(burn)
  await soon
  await timer
  await new Promise(setImmediate)
  assert.deepEqual(order.sort(), ['immediate', 'promise', 'tick'])
})

test('microtasks queued before the kill run after it', async () => {
  let ran = false
  killed(() => {
    queueMicrotask(() => (ran = true))
    burn()
  })
  assert.equal(ran, false)
  await null
  assert.equal(ran, true)
})

test('a hundred kills in a row are a hundred kills', () => {
  const budget = new CpuBudget({ hard: 0.5 })
  for (let i = 0; i < 100; i += 1) {
    const error = caught(() => budget.reset().run(burn))
    assert.ok(error instanceof CpuLimitError)
    assert.ok(error.used >= 0.5)
    assert.equal(work(10), 0)
  }
})

test('a kill never reaches the code after the section', () => {
  const budget = new CpuBudget({ hard: 0.3 })
  let ended = 0
  let stopped = 0
  for (let i = 0; i < 300; i += 1) {
    budget.reset()
    try {
      budget.run(work, 1000 * (i + 1))
      ended += 1
    } catch (error) {
      assert.ok(error instanceof CpuLimitError)
      stopped += 1
    }
    work(20_000)
  }
  assert.equal(ended + stopped, 300)
})

test('a killed call does not change the terminated words', () => {
  const words = ['signal', 'terminated']
  const named = instantiate({ words })
  const other = instantiate({ words })
  const budget = new CpuBudget({ hard: 3, instances: [named] })
  caught(() => budget.run(named.exports.burn))
  assert.equal(read(named, 'terminated'), 0)
  assert.equal(read(other, 'terminated'), 0)
  assert.equal(raise('SIGINT', [named, other]), 2)
})

test('a call that is not killed marks no instance as terminated', () => {
  const instance = instantiate({ words: ['signal', 'terminated'] })
  const budget = new CpuBudget({ soft: 2, hard: 1000, instances: [instance] })
  assert.equal(budget.run(instance.exports.spin), 24)
  assert.equal(read(instance, 'terminated'), 0)
})

test('a time limit of node:vm passes through run', () => {
  const budget = new CpuBudget({ hard: 10_000 })
  const context = vm.createContext({ go: () => budget.run(burn) })
  assert.throws(() => vm.runInContext('go()', context, { timeout: 10 }), {
    code: 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  })
  assert.notEqual(budget.state, 'killed')
  assert.equal(budget.run(work, 10), 0)
  assert.ok(spend(1) >= 1)
})

test('a time limit of node:vm inside run is an ordinary error', () => {
  const budget = new CpuBudget({ hard: 10_000 })
  const code = budget.run(() => {
    try {
      vm.runInNewContext('while (true);', {}, { timeout: 10 })
    } catch (error) {
      return error.code
    }
  })
  assert.equal(code, 'ERR_SCRIPT_EXECUTION_TIMEOUT')
})

test('an uncaught CpuLimitError ends the process like any error', async () => {
  const { status, stderr } = await run('ends.mjs', { args: ['kill'] })
  assert.equal(status, 1)
  assert.match(stderr, /^CpuLimitError: /m)
})

test('process.exit inside a section ends the process with its status', async () => {
  const { status, stdout } = await run('ends.mjs', { args: ['exit'] })
  assert.equal(status, 7)
  assert.equal(stdout, 'exit 7\n')
})

test('a time limit of node:vm inside run does not swallow the kill', () => {
  const context = vm.createContext()
  const swallow = () => {
    try {
      vm.runInContext('for (;;);', context, { timeout: 3 })
    } catch {
      // Its limit, or ours: the first that passes.
    }
    const end = Date.now() + 2000
    while (Date.now() < end);
    return 'not killed'
  }
  for (let i = 0; i < 60; i += 1) {
    const budget = new CpuBudget({ hard: 2.5 + (i % 10) / 10 })
    const error = caught(() => budget.run(swallow))
    assert.equal(error?.name, 'CpuLimitError', String(error?.stack))
  }
})

test('the end of another budget does not clear a signal', () => {
  const guest = instantiate()
  const budget = new CpuBudget({ soft: 2 })
  budget.run(work, 3_000_000)
  while (budget.state !== 'signalled') budget.run(work, 1_000_000)
  limitCpu(work, { soft: 0.01 })(1_000_000)
  assert.equal(budget.run(guest.exports.spin), 24)
})
