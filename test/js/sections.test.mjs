// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Sections, and how JavaScript and wasm enter and leave them. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { CpuBudget, CpuLimitError, install } from 'wasmsig'
import { caught, loopJs, sleep, spend } from './support/work.mjs'

install()

/**
 * CPU ms of this thread, exact because it has just slept: sched(7), proc(5).
 */
function threadCpu() {
  sleep(1)
  const text = fs.readFileSync('/proc/thread-self/schedstat', 'latin1')
  return Number(text.split(' ')[0]) / 1e6
}

/**
 * How much may be charged too much or too little at once: the hypervisor's
 * share of the last ms, and the error of one reading of the clock.
 */
const SLACK_MS = 0.1

test("used is between the thread's CPU time read inside and outside", () => {
  for (let i = 0; i < 9; i += 1) {
    const budget = new CpuBudget({ measure: true })
    const before = threadCpu()
    const inside = budget.run(() => {
      const begin = threadCpu()
      spend(1 + (i % 3))
      return threadCpu() - begin
    })
    const outside = threadCpu() - before
    const { used } = budget
    assert.ok(used >= inside - SLACK_MS, `${used} ms of ${inside} inside`)
    assert.ok(used <= outside + SLACK_MS, `${used} ms of ${outside} outside`)
  }
})

test('a generator is charged to the budget that resumes it', () => {
  const first = new CpuBudget({ measure: true })
  const second = new CpuBudget({ measure: true })
  function* work() {
    for (;;) yield spend(4)
  }
  const generator = work()
  first.run(() => generator.next())
  second.run(() => generator.next())
  second.run(() => generator.next())
  assert.ok(first.used >= 4 && first.used < 8, String(first.used))
  assert.ok(second.used >= 8, String(second.used))
})

test('a generator that is killed has ended', () => {
  const budget = new CpuBudget({ hard: 3 })
  let ended = false
  function* work() {
    try {
      yield loopJs()
    } finally {
      ended = true
    }
  }
  const generator = work()
  assert.ok(
    caught(() => budget.run(() => generator.next())) instanceof CpuLimitError
  )
  assert.equal(ended, false)
  assert.throws(() => generator.next(), /already running/)
})

test('recursion through imports of wasm runs on its budgets', () => {
  const bytes = new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x65, 1,
    0x66, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 0x67, 0, 1, 10, 6, 1, 4, 0, 0x10, 0,
    0x0b
  ]) // (module (import "e" "f" (func 0)) (func (export "g") (call 0)))
  const budgets = Array.from({ length: 40 }, () => new CpuBudget({ hard: 500 }))
  let depth = 0
  const f = () => {
    if (depth === budgets.length) return spend(2)
    budgets[depth++].run(instance.exports.g)
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    e: { f }
  })
  instance.exports.g()
  for (const budget of budgets) assert.ok(budget.used >= 2 - 0.05)
})

test('of forty sections, the one whose limit has passed ends', () => {
  const budgets = Array.from({ length: 40 }, (_, i) => {
    return new CpuBudget({ hard: i === 20 ? 3 : 5000 })
  })
  const ended = []
  const descend = (depth) => {
    if (depth === budgets.length) return loopJs()
    const error = caught(() => budgets[depth].run(descend, depth + 1))
    if (error) ended.push(depth)
  }
  descend(0)
  assert.deepEqual(ended, [20])
})

test('a section runs in an exit listener too', () => {
  const budget = new CpuBudget({ measure: true })
  process.on('exit', () => {
    budget.run(() => assert.equal(budget.state, 'running'))
  })
})
