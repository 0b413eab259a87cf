// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Guests that wait for promises (JSPI), on budgets of asynchronous work. */
import assert from 'node:assert/strict'
import { AsyncResource } from 'node:async_hooks'
import { describe, test } from 'node:test'
import { setImmediate as soon, setTimeout as after } from 'node:timers/promises'
import { CpuBudget, CpuLimitError, install, uninstall } from 'wasmsig'
import { assemble } from './support/guests.mjs'
import { spend } from './support/work.mjs'

const engineSuspending = WebAssembly.Suspending
install()

// Waits, calls `note`, and loops until it receives a signal or `turns` are
// over: returns the signal, or 0. SIGKILL ends it.
const GUEST = `(module
  (import "host" "wait" (func $wait (param i32) (result i32)))
  (import "host" "note" (func $note))
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1024))
  (func (export "work") (param $turns i32) (result i32)
    (local $signal i32)
    (drop (call $wait (i32.const 1)))
    (call $note)
    (loop $turn
      (local.set $signal
        (i32.atomic.rmw.xchg (i32.const 1024) (i32.const 0)))
      (if (i32.eq (local.get $signal) (i32.const 9)) (then unreachable))
      (if (local.get $signal) (then (return (local.get $signal))))
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if $turn (local.get $turns)))
    (i32.const 0))
  (func (export "waits") (param $times i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum
        (i32.add (local.get $sum) (call $wait (local.get $times))))
      (call $note)
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times)))
    (local.get $sum)))`

const FOR_EVER = -1

function guest({ wait = () => after(1, 1), note = () => {} } = {}) {
  const host = { wait: new WebAssembly.Suspending(wait), note }
  const module = new WebAssembly.Module(assemble(GUEST))
  const { exports } = new WebAssembly.Instance(module, { host })
  return {
    exports,
    work: WebAssembly.promising(exports.work),
    waits: WebAssembly.promising(exports.waits)
  }
}

const rejected = (promise) =>
  promise.then(
    () => undefined,
    (error) => error
  )

const skip =
  typeof engineSuspending === 'function' ? false : 'this host has no JSPI'

describe('a guest that waits for promises', { skip }, () => {
  test('is signalled after its soft limit when it continues', async () => {
    const budget = new CpuBudget({ soft: 5 })
    const { work } = guest()
    assert.equal(await budget.runAsync(() => work(FOR_EVER)), 24)
    assert.ok(budget.used >= 5)
    assert.equal(budget.state, 'signalled')
  })

  test('receives SIGKILL in its word at its hard limit', async () => {
    const budget = new CpuBudget({ hard: 5 })
    const { work } = guest()
    const error = await rejected(budget.runAsync(() => work(FOR_EVER)))
    assert.ok(error instanceof CpuLimitError)
    assert.equal(budget.state, 'killed')
  })

  test('is charged each time that it continues', async () => {
    const budget = new CpuBudget({ hard: 60_000 })
    let spent = 0
    const note = () => (spent += spend(2))
    const { waits } = guest({ note })
    assert.equal(await budget.runAsync(() => waits(5)), 5)
    assert.ok(spent >= 10)
    assert.ok(budget.used >= spent, `${budget.used} of ${spent}`)
  })

  test('is not charged for other work while it waits', async () => {
    const budget = new CpuBudget({ hard: 60_000 })
    let release
    const wait = () => new Promise((resolve) => (release = resolve))
    const { waits } = guest({ wait })
    const done = budget.runAsync(() => waits(3))
    for (let turn = 0; turn < 3; turn += 1) {
      const before = budget.used
      const resolve = release
      spend(20)
      queueMicrotask(() => spend(20)) // after the guest, like the rest
      resolve(1)
      Promise.resolve().then(() => spend(20))
      queueMicrotask(() => spend(20))
      await soon()
      assert.ok(budget.used - before < 20, `${budget.used - before}`)
    }
    assert.equal(await done, 3)
  })

  test('is charged separately from interleaved ones', async () => {
    const budgets = [1, 10].map((ms) => {
      const budget = new CpuBudget({ hard: 60_000 })
      const { waits } = guest({ note: () => spend(ms) })
      return { budget, done: budget.runAsync(() => waits(4)) }
    })
    await Promise.all(budgets.map(({ done }) => done))
    const [few, many] = budgets.map(({ budget }) => budget.used)
    assert.ok(few >= 4 && few < 20, `${few}`)
    assert.ok(many >= 40, `${many}`)
  })

  test('is charged after an async scope that it has called', async () => {
    const budget = new CpuBudget({ hard: 60_000 })
    const scope = new AsyncResource('OTHERS')
    let spent = 0
    const note = () => {
      scope.runInAsyncScope(() => spend(1))
      spent += spend(3)
    }
    const { waits } = guest({ note })
    await budget.runAsync(() => waits(2))
    assert.ok(spent >= 6)
    assert.ok(budget.used >= spent, `${budget.used} of ${spent}`)
  })

  test('is charged if two wait for one promise', async () => {
    const shared = after(2, 1)
    const budgets = [2, 6].map((ms) => {
      const budget = new CpuBudget({ hard: 60_000 })
      const { waits } = guest({ wait: () => shared, note: () => spend(ms) })
      return { budget, done: budget.runAsync(() => waits(2)) }
    })
    await Promise.all(budgets.map(({ done }) => done))
    assert.ok(budgets[0].budget.used >= 4 && budgets[0].budget.used < 12)
    assert.ok(budgets[1].budget.used >= 12)
  })

  test('is charged to the budgets around its own too', async () => {
    const outer = new CpuBudget({ hard: 60_000 })
    const inner = new CpuBudget({ hard: 60_000 })
    const { waits } = guest({ note: () => spend(4) })
    await outer.runAsync(() => inner.runAsync(() => waits(2)))
    assert.ok(inner.used >= 8)
    assert.ok(outer.used >= inner.used)
  })

  test('receives the rejection of its import, and is charged then', async () => {
    const budget = new CpuBudget({ hard: 60_000 })
    const mine = new Error('mine')
    const { waits } = guest({
      wait: () =>
        after(1).then(() => {
          throw mine
        })
    })
    assert.equal(await rejected(budget.runAsync(() => waits(1))), mine)
  })

  // Each returns a promise, and calls `seen` when its accessor is read.
  const SEEN = {
    'an own constructor': (seen) =>
      Object.defineProperty(after(1, 1), 'constructor', { get: seen }),
    'a class of its own': (seen) => {
      class Mine extends Promise {
        static get [Symbol.species]() {
          seen()
          return Promise
        }
      }
      return Mine.resolve(1)
    }
  }
  for (const [name, make] of Object.entries(SEEN)) {
    test(`may wait for a promise with ${name}, without a visible effect`, async () => {
      const seenBy = async (call) => {
        let seen = 0
        const { waits } = guest({ wait: () => make(() => void (seen += 1)) })
        const result = await call(() => waits(1)).catch((error) => `${error}`)
        return { seen, result }
      }
      const budget = new CpuBudget({ hard: 60_000 })
      assert.deepEqual(
        await seenBy((work) => budget.runAsync(work)),
        await seenBy((work) => work())
      )
    })
  }

  test('calls no replaced Promise.prototype.constructor', async () => {
    const { constructor } = Promise.prototype
    const wait = () => {
      const promise = after(1, 1)
      Object.defineProperty(Promise.prototype, 'constructor', {
        get() {
          seen += 1
          return constructor
        },
        configurable: true
      })
      return promise
    }
    const putBack = () =>
      void Object.defineProperty(Promise.prototype, 'constructor', {
        value: constructor,
        writable: true,
        configurable: true
      })
    let seen = 0
    const { waits } = guest({ wait })
    const begin = () => {
      const waiting = waits(1)
      putBack()
      return waiting
    }
    await begin()
    const without = seen
    seen = 0
    await new CpuBudget({ hard: 60_000 }).runAsync(begin)
    assert.equal(seen, without)
  })

  test('works as without the package if nothing charges it', async () => {
    const { waits } = guest()
    assert.equal(await waits(3), 3)
    const direct = guest({ wait: () => 2 })
    assert.equal(await direct.waits(2), 4)
  })

  test('Suspending looks like the engine’s own', () => {
    assert.notEqual(WebAssembly.Suspending, engineSuspending)
    assert.equal(WebAssembly.Suspending.name, 'Suspending')
    assert.equal(WebAssembly.Suspending.length, engineSuspending.length)
    assert.ok(new WebAssembly.Suspending(() => 1) instanceof engineSuspending)
    for (const bad of [undefined, 1, {}, null]) {
      const [ours, theirs] = [WebAssembly.Suspending, engineSuspending].map(
        (Suspending) => {
          try {
            new Suspending(bad)
          } catch (error) {
            return `${error}`
          }
        }
      )
      assert.equal(ours, theirs)
    }
    assert.throws(() => WebAssembly.Suspending(() => 1), TypeError)
    uninstall()
    assert.equal(WebAssembly.Suspending, engineSuspending)
    install()
  })
})
