// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Wall limits, and budgets that a call, a thread or an AbortSignal kills. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { CpuBudget, CpuLimitError, install, kill, limitCpu } from 'wasmsig'
import { instantiate } from './support/guests.mjs'

install()

const LONG = 300_000 // ms: a guard, not a measure
const guest = instantiate()

function sleep() {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  assert.notEqual(Atomics.wait(cell, 0, 0, LONG), 'timed-out')
}

function killed(call, reason, limit) {
  assert.throws(call, (error) => {
    assert.ok(error instanceof CpuLimitError)
    assert.equal(error.reason, reason)
    assert.equal(error.limit, limit)
    assert.equal(error.code, 'ERR_WASMSIG_CPU_LIMIT')
    return true
  })
}

/** A thread that kills the budget with that id, and then ends. */
async function killer(id) {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { kill } = require('wasmsig')
    parentPort.postMessage('ready')
    parentPort.once('message', ({ id, flag }) => {
      Atomics.wait(flag, 0, 0)
      kill(id)
    })`
  const worker = new Worker(source, { eval: true })
  await new Promise((resolve) => worker.once('message', resolve))
  const flag = new Int32Array(new SharedArrayBuffer(4))
  worker.postMessage({ id, flag })
  return () => {
    Atomics.store(flag, 0, 1)
    Atomics.notify(flag, 0)
  }
}

test('a wall limit ends Atomics.wait', () => {
  const budget = new CpuBudget({ wall: 20 })
  const begin = performance.now()
  killed(() => budget.run(sleep), 'wall', 20)
  assert.ok(performance.now() - begin >= 20)
  assert.equal(budget.state, 'killed')
  killed(() => budget.run(() => {}), 'wall', 20)
})

test('a wall limit ends a function that computes', () => {
  killed(() => new CpuBudget({ wall: 20 }).run(guest.exports.burn), 'wall', 20)
})

test('limitCpu gives each call a wall limit of its own', () => {
  const limited = limitCpu((wait) => (wait ? sleep() : 'done'), { wall: 20 })
  killed(() => limited(true), 'wall', 20)
  assert.equal(limited(false), 'done')
})

test('the nearer of hard and wall limit is the reason', () => {
  const budget = new CpuBudget({ hard: 10, wall: LONG })
  killed(() => budget.run(guest.exports.burn), 'hard', 10)
})

test('a reset starts the wall limit anew, or changes it', () => {
  const budget = new CpuBudget({ wall: 10 })
  killed(() => budget.run(sleep), 'wall', 10)
  assert.equal(
    budget.reset({ wall: LONG }).run(() => 'again'),
    'again'
  )
})

test('runAsync is rejected at the wall limit though nothing runs', async () => {
  const budget = new CpuBudget({ wall: 20 })
  const never = budget.runAsync(() => new Promise(() => {}))
  await assert.rejects(never, { name: 'CpuLimitError', reason: 'wall' })
})

test('runAsync is rejected at a wall limit that was set meanwhile', async () => {
  const budget = new CpuBudget({ wall: 20 })
  const running = budget.runAsync(() => new Promise(() => {}))
  budget.reset({ wall: 30 }) // counts anew, so the first check is too early
  const guard = setInterval(() => {}, 1000)
  await assert.rejects(running, { reason: 'wall' })
  clearInterval(guard)
})

test('the error says what has ended the call', () => {
  const text = (limits) => {
    try {
      new CpuBudget(limits).run(sleep)
    } catch ({ message }) {
      return message
    }
  }
  const wall =
    /^the call has passed its wall limit of 20 ms, with [\d.]+ ms of CPU used \(ERR_WASMSIG_CPU_LIMIT\)$/
  assert.match(text({ wall: 20 }), wall)
  const aborted =
    /^the call was killed, with [\d.]+ ms of CPU used \(ERR_WASMSIG_CPU_LIMIT\)$/
  assert.match(text({ signal: AbortSignal.abort() }), aborted)
})

for (const [what, work] of [
  ['sleeps', sleep],
  ['computes', guest.exports.burn]
]) {
  test(`another thread kills a call that ${what}`, async () => {
    const budget = new CpuBudget({ measure: true })
    const begin = await killer(budget.id)
    killed(
      () =>
        budget.run(() => {
          begin()
          work()
        }),
      'kill',
      undefined
    )
  })
}

test('kill ends the call that calls it, and later ones, until a reset', () => {
  const budget = new CpuBudget({ measure: true })
  const suicide = () => {
    budget.kill()
    sleep()
  }
  killed(() => budget.run(suicide), 'kill', undefined)
  killed(() => budget.run(() => {}), 'kill', undefined)
  assert.equal(
    budget.reset().run(() => 'again'),
    'again'
  )
})

test('kill by an id says whether there is such a budget', () => {
  const budget = new CpuBudget({ measure: true })
  assert.equal(budget.id, budget.id)
  assert.notEqual(budget.id, new CpuBudget({ measure: true }).id)
  assert.equal(kill(budget.id), true)
  assert.equal(budget.reset().state, 'ready')
  for (const id of [0, -1, 1, 0.5, NaN, Infinity, budget.id + 2 ** 24]) {
    assert.equal(kill(id), false)
  }
  assert.equal(budget.state, 'ready')
  assert.throws(() => kill('1'), { code: 'ERR_WASMSIG_INVALID_ARG_TYPE' })
})

test('the id of a budget whose thread has ended kills nothing', async () => {
  const source = `
    const { parentPort } = require('node:worker_threads')
    const { CpuBudget } = require('wasmsig')
    parentPort.postMessage(new CpuBudget({ measure: true }).id)`
  const worker = new Worker(source, { eval: true })
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  const id = await new Promise((resolve) => worker.once('message', resolve))
  await ended
  const budget = new CpuBudget({ measure: true })
  assert.ok(budget.id > 0)
  assert.equal(kill(id), false)
  assert.equal(
    budget.run(() => 'runs'),
    'runs'
  )
})

test('a signal that has aborted ends each call', () => {
  const signal = AbortSignal.abort()
  killed(() => new CpuBudget({ signal }).run(() => {}), 'kill', undefined)
  killed(
    limitCpu(() => {}, { signal }),
    'kill',
    undefined
  )
})

test('an abort inside the call ends it', () => {
  for (const limit of [
    (fn, limits) => () => new CpuBudget(limits).run(fn),
    limitCpu
  ]) {
    const controller = new AbortController()
    const abort = () => {
      controller.abort()
      sleep()
    }
    const limited = limit(abort, { signal: controller.signal })
    killed(limited, 'kill', undefined)
  }
})

test('an abort rejects runAsync while it awaits', async () => {
  const controller = new AbortController()
  const budget = new CpuBudget({ signal: controller.signal })
  const never = budget.runAsync(() => new Promise(() => {}))
  controller.abort()
  await assert.rejects(never, { name: 'CpuLimitError', reason: 'kill' })
})

test('a reset keeps a signal that has aborted, or takes another', () => {
  const budget = new CpuBudget({ signal: AbortSignal.abort() })
  killed(() => budget.reset().run(() => {}), 'kill', undefined)
  const { signal } = new AbortController()
  assert.equal(
    budget.reset({ signal }).run(() => 'runs'),
    'runs'
  )
})

test('a signal that a reset has replaced kills nothing', () => {
  const old = new AbortController()
  const budget = new CpuBudget({ signal: old.signal })
  budget.reset({ signal: new AbortController().signal })
  old.abort()
  assert.equal(
    budget.run(() => 'runs'),
    'runs'
  )
})
