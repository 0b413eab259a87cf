// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A hard limit that passes while functions of the host are on the stack. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import vm from 'node:vm'
import {
  CpuBudget,
  CpuLimitError,
  SIGNALS,
  install,
  limitCpu,
  stats
} from 'wasmsig'
import { run } from './support/child.mjs'
import { instantiate } from './support/guests.mjs'
import { caught, loopJs, spend } from './support/work.mjs'

install()

const { burn, spin } = instantiate().exports
const storage = new AsyncLocalStorage()

/** How `unsafe` of stats() changes while `fn` runs. */
function counted(fn) {
  const before = stats().unsafe
  fn()
  const after = stats().unsafe
  return {
    waited: after.waited - before.waited,
    overdue: after.overdue - before.overdue
  }
}

function assertKilled(fn, limits) {
  const error = caught(() => new CpuBudget(limits).run(fn))
  assert.ok(error instanceof CpuLimitError, String(error?.stack ?? error))
  return error
}

test("a kill waits until the host's function has ended", () => {
  let ended = false
  const inside = () => {
    spend(30)
    ended = true
  }
  const { waited } = counted(() =>
    assertKilled(
      () => {
        storage.run('inner', inside)
        loopJs()
      },
      { hard: 5 }
    )
  )
  assert.equal(ended, true)
  assert.equal(waited, 1)
})

test("a guest inside the host's function receives SIGKILL in its word", () => {
  let received
  const error = assertKilled(
    () => {
      received = storage.run('inner', spin)
      loopJs()
    },
    { hard: 5 }
  )
  assert.equal(received, SIGNALS.SIGKILL)
  assert.ok(error.used < 1000)
})

test('the SIGKILL is cleared after the section', () => {
  const instance = instantiate()
  assertKilled(
    () => {
      caught(() => storage.run('inner', instance.exports.spin))
      loopJs()
    },
    { hard: 5 }
  )
  assert.equal(instance.exports.work(10), 0)
})

test('a call that returns before the kill still throws', () => {
  const error = assertKilled(() => storage.run('inner', spend, 30), { hard: 5 })
  assert.ok(error.used >= 30)
})

test("'wait' waits on when the grace period is over", () => {
  let times = 0
  for (let i = 0; i < 5; i += 1) {
    const { overdue } = counted(() => {
      const error = assertKilled(() => storage.run('inner', spend, 60), {
        hard: 5,
        grace: 10
      })
      assert.ok(error.used >= 60)
    })
    assert.ok(overdue <= 1)
    times += overdue
  }
  // Whether the end of the grace period is counted depends on chance.
  assert.ok(times >= 1)
})

test('a loop of long functions of the host is stopped between two of them', () => {
  const data = Buffer.alloc(8e6)
  let begun = 0
  let ended = 0
  assertKilled(
    () => {
      for (;;) {
        begun += 1
        createHash('sha256').update(data).digest()
        ended += 1
      }
    },
    { hard: 20 }
  )
  // Each takes milliseconds. V8 itself checks its stack after some 2,000 of
  // them.
  assert.ok(ended < 100, `${ended} ended`)
  assert.ok(begun - ended <= 1)
})

test("'kill' kills when the grace period is over, not before", () => {
  const { overdue } = counted(() => {
    const error = assertKilled(() => storage.run('inner', loopJs), {
      hard: 5,
      grace: 20,
      onUnsafe: 'kill'
    })
    assert.ok(error.used >= 25, String(error.used))
    assert.ok(error.used < 1000, String(error.used))
  })
  assert.equal(overdue, 1)
})

test("'kill' works without a grace period", () => {
  const limited = limitCpu(() => storage.run('inner', loopJs), {
    hard: 5,
    grace: 0,
    onUnsafe: 'kill'
  })
  assert.ok(caught(limited) instanceof CpuLimitError)
})

test("'kill' repairs AsyncLocalStorage", () => {
  const limits = { hard: 3, grace: 0, onUnsafe: 'kill' }
  const other = new AsyncLocalStorage()
  storage.run('outer', () => {
    assertKilled(() => storage.run('inner', () => other.run(1, loopJs)), limits)
    assert.equal(storage.getStore(), 'outer')
    assert.equal(other.getStore(), undefined)
  })
  const bound = new CpuBudget(limits).bind(() => storage.run('in', loopJs))
  assert.ok(caught(bound) instanceof CpuLimitError)
  assert.equal(storage.getStore(), undefined)
})

test("'exit' ends the process with 152 and prints the reason", async () => {
  const { status, stdout, stderr } = await run('unsafe.mjs', {
    args: ['exit']
  })
  assert.equal(stdout, 'begun\n')
  assert.match(stderr, /^wasmsig: the CPU limit of 5 ms has passed inside a/)
  assert.equal(stderr.trimEnd().split('\n').length, 1)
  assert.equal(status, 152)
})

for (const onUnsafe of ['wait', 'kill', 'exit']) {
  test(`a guest that polls ends where V8 does not: ${onUnsafe}`, async () => {
    const { status, stdout, stderr } = await run('postponed.mjs', {
      flags: ['--no-wasm-stack-checks', '--no-liftoff'],
      args: ['spin', onUnsafe]
    })
    assert.equal(stderr, '')
    assert.equal(stdout, `CpuLimitError ${SIGNALS.SIGKILL}\n`)
    assert.equal(status, 0)
  })
}

test("'exit' ends the process where V8 does not end the call", async () => {
  const { status, stdout, stderr } = await run('postponed.mjs', {
    flags: ['--no-wasm-stack-checks', '--no-liftoff'],
    args: ['burn', 'exit']
  })
  assert.equal(stdout, '')
  assert.match(stderr, /^wasmsig: the CPU limit of 5 ms has passed where V8/)
  assert.equal(status, 152)
})

test("'kill' repairs async scopes", async () => {
  const { status, stdout } = await run('unsafe.mjs', { args: ['scope'] })
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
    'CpuLimitError',
    'later',
    'later too'
  ])
  assert.equal(status, 0)
})

for (const [what, call] of [
  ['vm', () => vm.runInThisContext('for (;;);')],
  ['vm in a new context', () => vm.runInNewContext('for (;;);')],
  [
    'an event emitter',
    () => new EventEmitter().on('event', loopJs).emit('event')
  ],
  ['Array.prototype.map', () => [1].map(loopJs)],
  ['a getter', () => ({ get loop() { return loopJs() } }).loop], // prettier-ignore
  ['a user class', () => new (class { constructor() { loopJs() } })()] // prettier-ignore
]) {
  // Long enough that the kill does not happen while a context is created.
  test(`a kill does not wait inside ${what}`, () => {
    const { waited } = counted(() => assertKilled(call, { hard: 40 }))
    assert.equal(waited, 0)
  })
}

test("a kill in wasm neither calls nor changes a program's changes to Error", () => {
  let called = 0
  const ours = {
    prepareStackTrace: { get: () => (called += 1), configurable: true },
    stackTraceLimit: { value: 3, configurable: true, writable: true }
  }
  const before = Object.getOwnPropertyDescriptors(Error)
  Object.defineProperties(Error, ours)
  try {
    const budget = new CpuBudget({ hard: 5 })
    let first
    const { waited } = counted(() => (first = caught(() => budget.run(burn))))
    assert.equal(waited, 0)
    assert.ok(first instanceof CpuLimitError)
    const { get } = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
    assert.equal(get, ours.prepareStackTrace.get)
    assert.equal(Error.stackTraceLimit, 3)
    assert.equal(called, 0)
  } finally {
    delete Error.prepareStackTrace
    Object.defineProperty(Error, 'stackTraceLimit', before.stackTraceLimit)
  }
})

test('a kill in wasm waits for a function of the host above any number of calls', () => {
  const guest = (depth) => (depth === 0 ? burn() : guest(depth - 1))
  for (const depth of [1, 500]) {
    const free = counted(() => assertKilled(() => guest(depth), { hard: 5 }))
    assert.equal(free.waited, 0)
    const limits = { hard: 5, grace: 0, onUnsafe: 'kill' }
    const held = counted(() =>
      assertKilled(() => storage.run('inner', guest, depth), limits)
    )
    assert.equal(held.waited, 1)
  }
})

test('a kill works in a deep recursion', () => {
  const deep = (depth) => (depth === 0 ? loopJs() : deep(depth - 1))
  const { waited } = counted(() => assertKilled(() => deep(3000), { hard: 5 }))
  assert.equal(waited, 0)
  const hidden = () => storage.run('inner', deep, 3000)
  const limits = { hard: 5, grace: 5, onUnsafe: 'kill' }
  const other = counted(() => assertKilled(hidden, limits))
  assert.equal(other.waited, 1)
})

test('an inner section is killed even if the outer one must wait', () => {
  const outer = new CpuBudget({ hard: 5 })
  const inner = new CpuBudget({ hard: 5 })
  let innerError
  const error = caught(() =>
    outer.run(() => {
      storage.run('inner', () => {
        innerError = caught(() => inner.run(burn))
      })
      loopJs()
    })
  )
  assert.ok(innerError instanceof CpuLimitError)
  assert.ok(error instanceof CpuLimitError)
  assert.equal(outer.state, 'killed')
})

test('after a kill AsyncLocalStorage has the store of the outside', () => {
  storage.run('outer', () => {
    assertKilled(
      () => {
        storage.run('inner', spend, 20)
        loopJs()
      },
      { hard: 5 }
    )
    assert.equal(storage.getStore(), 'outer')
  })
})

test('the async id is the same after a kill', () => {
  const before = executionAsyncId()
  assertKilled(loopJs, { hard: 5 })
  assert.equal(executionAsyncId(), before)
})

test('a limited function inside a host function leaves no async ids', () => {
  const nothing = limitCpu(() => {}, { hard: 1000 })
  for (let i = 0; i < 60; i += 1) {
    storage.run('outer', () => {
      assertKilled(
        () => {
          for (;;) storage.run('inner', nothing)
        },
        { hard: 1 + (i % 10) / 10 }
      )
      assert.equal(storage.getStore(), 'outer')
    })
  }
})

test('a kill in a timer does not abort the process as an uncaught exception', async () => {
  const { status, stdout, stderr } = await run('unsafe.mjs', {
    flags: ['--abort-on-uncaught-exception'],
    args: ['scope']
  })
  assert.equal(stderr, '')
  assert.match(stdout, /^CpuLimitError$/m)
  assert.equal(status, 0)
})

for (const how of ['monitor', 'capture', 'domain']) {
  test(`async scopes are repaired beside a ${how} of the program`, async () => {
    const { status, stdout, stderr } = await run('unsafe.mjs', {
      args: ['scope', how]
    })
    assert.equal(stderr, '')
    assert.match(stdout, /^CpuLimitError$/m)
    assert.match(stdout, /^later too$/m)
    assert.equal(status, 0)
  })
}
