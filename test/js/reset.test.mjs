// SPDX-License-Identifier: Apache-2.0 OR MIT
/** CpuBudget.reset: a new request begins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CpuBudget, CpuLimitError, install, raise } from 'wasmsig'
import { instantiate, read } from './support/guests.mjs'
import { caught, spend } from './support/work.mjs'

install()

const { burn, work } = instantiate().exports

test('reset renews a budget', () => {
  const instance = instantiate()
  const budget = new CpuBudget({ soft: 2 })
  budget.run(instance.exports.spin)
  assert.equal(budget.reset(), budget)
  assert.equal(budget.state, 'ready')
  assert.equal(budget.used, 0)
  assert.equal(budget.run(instance.exports.spin), 24)
  assert.ok(budget.used >= 2)
})

/** Clears the word first: `spin` reads it and does not change it. */
function usedUntilTold(budget, instance) {
  const before = budget.used
  assert.equal(budget.run(instance.exports.spin), 24)
  return budget.used - before
}

test('a signal that no guest has taken ends with the section', () => {
  const instance = instantiate()
  new CpuBudget({ soft: 2 }).run(instance.exports.spin)
  assert.equal(read(instance, 'signal'), 0)
})

test('a new budget inherits no signal of the previous one', () => {
  const instance = instantiate()
  for (let request = 0; request < 3; request += 1) {
    const budget = new CpuBudget({ soft: 2 })
    assert.ok(usedUntilTold(budget, instance) >= 2)
  }
})

test('a budget without a soft limit inherits none either', () => {
  const instance = instantiate()
  new CpuBudget({ soft: 2 }).run(instance.exports.spin)
  const read24 = () => read(instance, 'signal')
  assert.equal(new CpuBudget({ hard: 1000 }).run(read24), 0)
})

test('after a reset a budget signals at its limit again', () => {
  const instance = instantiate()
  const budget = new CpuBudget({ soft: 2 })
  for (let request = 0; request < 3; request += 1) {
    assert.ok(usedUntilTold(budget, instance) >= 2)
    budget.reset()
  }
})

test('without a reset a budget raises at once the signal that no guest has taken', () => {
  const instance = instantiate()
  const budget = new CpuBudget({ soft: 2 })
  budget.run(instance.exports.spin)
  const received = () => read(instance, 'signal')
  assert.equal(budget.run(received), 24)
  assert.equal(new CpuBudget({ soft: 1000 }).run(received), 0)
  assert.equal(budget.run(received), 24)
})

test("the end of a section keeps a signal that is not the budget's", () => {
  const instance = instantiate()
  const budget = new CpuBudget({ soft: 2 })
  budget.run(() => {
    instance.exports.spin()
    raise('SIGTERM', instance)
  })
  assert.equal(read(instance, 'signal'), 15)
  budget.reset()
  assert.equal(read(instance, 'signal'), 15)
})

test('reset sets new limits and keeps those left out', () => {
  const { exports } = instantiate()
  const budget = new CpuBudget({ soft: 900, hard: 1000 })
  budget.reset({ soft: 2, signal: 'SIGALRM' })
  assert.equal(budget.run(exports.answer, 1), 14)
  budget.reset({ hard: 10 })
  assert.equal(budget.run(exports.answer, 1), 14)
  assert.ok(caught(() => budget.run(exports.burn)) instanceof CpuLimitError)
})

test('reset while running is refused and changes nothing', () => {
  const budget = new CpuBudget({ measure: true })
  budget.run(() => {
    spend(2)
    assert.throws(() => budget.reset(), { code: 'ERR_WASMSIG_BUSY' })
    assert.throws(() => budget.reset({ soft: 1 }), { code: 'ERR_WASMSIG_BUSY' })
    assert.ok(budget.used >= 2)
    assert.equal(budget.state, 'running')
  })
  assert.equal(budget.state, 'ready')
})

test("reset cannot change the budget's instances", () => {
  const named = instantiate()
  const other = instantiate()
  const budget = new CpuBudget({ soft: 2, instances: [named] })
  caught(() => budget.reset({ instances: [other] }))
  while (budget.state === 'ready') budget.run(() => spend(4))
  budget.run(() => {
    assert.equal(read(named, 'signal'), 24)
    assert.equal(read(other, 'signal'), 0)
  })
})

test('reset renews a killed budget', () => {
  const budget = new CpuBudget({ hard: 3 })
  caught(() => budget.run(burn))
  budget.reset()
  assert.equal(budget.state, 'ready')
  assert.equal(budget.used, 0)
  assert.equal(budget.run(work, 10), 0)
  assert.ok(caught(() => budget.run(burn)) instanceof CpuLimitError)
})

test('a reset can set another hard limit', () => {
  const budget = new CpuBudget({ hard: 3 })
  caught(() => budget.run(burn))
  const error = caught(() => budget.reset({ hard: 7 }).run(burn))
  assert.equal(error.limit, 7)
  assert.ok(error.used >= 7)
})

test('a reset budget can be used a hundred times', () => {
  const { exports } = instantiate()
  const budget = new CpuBudget({ soft: 0.2, hard: 1000 })
  for (let i = 0; i < 100; i += 1) {
    assert.equal(budget.reset().run(exports.answer, 1), 24)
    assert.ok(budget.used >= 0.2)
  }
})
