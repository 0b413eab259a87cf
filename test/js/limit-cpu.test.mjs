// SPDX-License-Identifier: Apache-2.0 OR MIT
/** limitCpu: a function with a fresh budget at each call. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CpuBudget, CpuLimitError, install, limitCpu } from 'wasmsig'
import { instantiate, read } from './support/guests.mjs'
import { caught, spend } from './support/work.mjs'

install()

const { burn, work } = instantiate().exports

test('the function receives this and the arguments, and its value is returned', () => {
  const object = {
    method: limitCpu(
      function (...args) {
        return [this, ...args]
      },
      { hard: 1000 }
    )
  }
  assert.deepEqual(object.method(1, undefined, 'x'), [
    object,
    1,
    undefined,
    'x'
  ])
})

test('the function receives a thousand arguments', () => {
  const limited = limitCpu((...args) => args, { hard: 1000 })
  const given = Array.from({ length: 1000 }, (_, i) => i)
  assert.deepEqual(limited(...given), given)
})

test('this is undefined where there is none', () => {
  const limited = limitCpu(
    function () {
      return this
    },
    { hard: 1000 }
  )
  assert.equal(limited(), undefined)
})

test('name and length are those of the function', () => {
  function twoArguments(a, b) {
    return [a, b]
  }
  const limited = limitCpu(twoArguments, { hard: 1000 })
  assert.notEqual(limited, twoArguments)
  assert.equal(limited.name, 'twoArguments')
  assert.equal(limited.length, 2)
  for (const key of ['name', 'length']) {
    assert.deepEqual(
      Object.getOwnPropertyDescriptor(limited, key),
      Object.getOwnPropertyDescriptor(twoArguments, key)
    )
  }
})

test('an exported function of a guest can be limited', () => {
  const limited = limitCpu(work, { hard: 1000 })
  assert.equal(limited(10), 0)
  assert.equal(limited.name, work.name)
  assert.equal(limited.length, work.length)
})

test('a call past its hard limit throws CpuLimitError', () => {
  const error = caught(limitCpu(burn, { hard: 4 }))
  assert.ok(error instanceof CpuLimitError)
  assert.equal(error.limit, 4)
  assert.ok(error.used >= 4)
})

test('a call past its soft limit signals the guest', () => {
  const { spin } = instantiate().exports
  assert.equal(limitCpu(spin, { soft: 3 })(), 24)
})

test('the call after a killed one has a budget of its own', () => {
  let seen = 0
  const limited = limitCpu((fn) => (seen += 1) && fn(), { hard: 4 })
  assert.ok(caught(() => limited(burn)) instanceof CpuLimitError)
  assert.equal(
    limited(() => 7),
    7
  )
  assert.ok(caught(() => limited(burn)) instanceof CpuLimitError)
  assert.equal(seen, 3)
})

test('calls do not add up', () => {
  const limited = limitCpu(spend, { hard: 200 })
  let sum = 0
  for (let i = 0; i < 4; i += 1) sum += limited(60)
  assert.ok(sum >= 240)
})

test('a signal of one call does not wait for the next', () => {
  const instance = instantiate()
  const limits = { soft: 2, instances: [instance] }
  const limited = limitCpu((fn, ...args) => fn(...args), limits)
  assert.equal(limited(instance.exports.spin), 24)
  assert.equal(
    limited(() => read(instance, 'signal')),
    0
  )
})

test('an error of the function passes through', () => {
  const theirs = new Error('theirs')
  const limited = limitCpu(
    () => {
      throw theirs
    },
    { hard: 1000 }
  )
  assert.equal(caught(limited), theirs)
})

test('a limited function may call itself', () => {
  const factorial = limitCpu((n) => (n < 2 ? 1 : n * factorial(n - 1)), {
    hard: 1000
  })
  assert.equal(factorial(10), 3628800)
})

test('the outermost call of a recursion is killed', () => {
  const seen = []
  const dive = limitCpu(
    (depth) => {
      if (depth === 0) return burn()
      // Each level uses a part of its own limit before the next call.
      spend(2)
      try {
        dive(depth - 1)
      } catch {
        seen.push(depth)
      }
      seen.push(`${depth} went on`)
    },
    { hard: 20 }
  )
  assert.ok(caught(() => dive(3)) instanceof CpuLimitError)
  assert.deepEqual(seen, [])
})

test('a limited function inside a budget is charged to it', () => {
  const budget = new CpuBudget({ measure: true })
  budget.run(limitCpu(spend, { hard: 1000 }), 5)
  assert.ok(budget.used >= 5)
})

test('the limits are read when the function is made', () => {
  const limits = { hard: 1000 }
  const limited = limitCpu(work, limits)
  limits.hard = -1
  assert.equal(limited(10), 0)
})

test('two limited functions of one function are independent', () => {
  const strict = limitCpu((fn) => fn(), { hard: 2 })
  const generous = limitCpu((fn) => fn(), { hard: 10_000 })
  assert.ok(caught(() => strict(burn)) instanceof CpuLimitError)
  assert.equal(
    generous(() => spend(4) >= 4),
    true
  )
})
