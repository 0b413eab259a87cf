// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The hard limit ends the call, and no code inside can catch that. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import { CpuBudget, CpuLimitError, install, raise, stats } from 'wasmsig'
import { run } from './support/child.mjs'
import { assemble, instantiate, read } from './support/guests.mjs'
import { caught, loopJs, spend } from './support/work.mjs'

install()

const { burn, work } = instantiate().exports

/** Kills `fn`, and asserts that the error is this kill's. */
function killed(fn, ...args) {
  const budget = new CpuBudget({ hard: 5 })
  const error = caught(() => budget.run(fn, ...args))
  assert.ok(error instanceof CpuLimitError, String(error))
  return error
}

test('a guest that never polls is stopped at its hard limit', () => {
  const budget = new CpuBudget({ hard: 10 })
  const error = caught(() => budget.run(burn))
  assert.ok(error instanceof CpuLimitError)
  assert.equal(budget.state, 'killed')
  assert.ok(budget.used >= 10)
})

test('the error has its name, code and figures', () => {
  const error = killed(burn)
  assert.ok(error instanceof Error)
  assert.equal(error.constructor, CpuLimitError)
  assert.equal(error.name, 'CpuLimitError')
  assert.equal(error.code, 'ERR_WASMSIG_CPU_LIMIT')
  assert.equal(error.limit, 5)
  assert.ok(error.used >= 5)
  assert.match(error.message, /\b5\b/)
  assert.match(error.stack, /^CpuLimitError: /)
})

test('a structured clone of a CpuLimitError is recognised by its message', () => {
  const clone = structuredClone(new CpuLimitError(50, 51.5))
  assert.match(clone.message, /51\.500 ms .* 50 ms \(ERR_WASMSIG_CPU_LIMIT\)$/)
})

test('a CpuLimitError can be made by a program', () => {
  const error = new CpuLimitError(50, 51.5)
  assert.equal(error.limit, 50)
  assert.equal(error.used, 51.5)
  assert.equal(error.code, 'ERR_WASMSIG_CPU_LIMIT')
  assert.equal(String(error).split(':')[0], 'CpuLimitError')
})

test('the stack of the error shows the call of run', () => {
  function theCaller() {
    new CpuBudget({ hard: 2 }).run(burn)
  }
  assert.match(caught(theCaller).stack, /theCaller/)
})

test('the kill is counted', () => {
  const { kills } = stats()
  killed(burn)
  assert.equal(stats().kills, kills + 1)
})

test('JavaScript that never ends is stopped too', () => {
  killed(loopJs)
})

test('a literal for (;;); is stopped', async () => {
  const { status, stdout } = await run('endless.mjs')
  assert.equal(stdout, 'CpuLimitError\nlater\n')
  assert.equal(status, 0)
})

test('no catch and no finally inside runs at the kill', () => {
  const seen = []
  killed(() => {
    try {
      burn()
      seen.push('returned')
    } catch {
      seen.push('caught')
    } finally {
      seen.push('finally')
    }
    seen.push('went on')
  })
  assert.deepEqual(seen, [])
})

test('a finally that returns does not swallow the kill', () => {
  killed(() => {
    try {
      burn()
    } finally {
      return 'swallowed'
    }
  })
})

test('a loop that catches everything does not survive the kill', () => {
  let rounds = 0
  killed(() => {
    while (rounds < 100) {
      try {
        rounds += 1
        burn()
      } catch {
        continue
      }
    }
  })
  assert.equal(rounds, 1)
})

const WRAPPERS = {
  'a promise executor': () => new Promise(() => burn()),
  'an async function': async () => burn(),
  'a generator': () => [
    ...(function* () {
      yield burn()
    })()
  ],
  'a finally after a throw': () => {
    try {
      throw new Error('theirs')
    } finally {
      burn()
    }
  },
  'a catch': () => {
    try {
      throw new Error('theirs')
    } catch {
      burn()
    }
  },
  'a callback of map': () => [1, 2].map(() => burn()),
  'a callback of sort': () => [2, 1].sort(() => Number(burn())),
  'a getter': () =>
    ({
      get value() {
        return burn()
      }
    }).value,
  'a proxy trap': () => 'key' in new Proxy({}, { has: () => burn() > 0 }),
  'a toString': () => `${{ toString: () => String(burn()) }}`,
  'a reviver of JSON.parse': () => JSON.parse('[1]', () => burn()),
  'a callback of replace': () => 'a'.replace(/a/, () => String(burn())),
  'a constructor': () =>
    new (class {
      constructor() {
        burn()
      }
    })(),
  eval: () => (0, eval)('while (true);'),
  'a script of node:vm': () => vm.runInNewContext('while (true);'),
  'a regular expression': () => /^(a+)+$/.test(`${'a'.repeat(40)}b`)
}

for (const [name, fn] of Object.entries(WRAPPERS)) {
  test(`the kill passes through ${name}`, () => {
    killed(fn)
  })
}

test('the kill passes through guest, JavaScript and guest again', () => {
  const text = `(module (func $back (import "env" "back"))
    (func (export "call") (call $back)))`
  let went = false
  const back = () => {
    try {
      burn()
    } catch {
      went = true
    }
    went = true
  }
  const module = new WebAssembly.Module(assemble(text))
  const outer = new WebAssembly.Instance(module, { env: { back } })
  killed(outer.exports.call)
  assert.equal(went, false)
})

test('no catch_all of a guest catches the kill', () => {
  const text = `(module (func $burn (import "env" "burn") (result i64))
    (global $caught (export "caught") (mut i32) (i32.const 0))
    (func (export "call")
      (try
        (do (drop (call $burn)))
        (catch_all (global.set $caught (i32.const 1))))))`
  const module = new WebAssembly.Module(assemble(text))
  const instance = new WebAssembly.Instance(module, { env: { burn } })
  killed(instance.exports.call)
  assert.equal(instance.exports.caught.value, 0)
})

test('a start function that never ends is stopped', () => {
  const code = `(func $start (loop $again (br_if $again (i32.eqz
    (i32.atomic.load (i32.const 2048)))))) (start $start)`
  killed(() => instantiate({ code }))
})

test('a budget that is used up throws without calling', () => {
  const budget = new CpuBudget({ hard: 3 })
  caught(() => budget.run(burn))
  const { used } = budget
  let called = false
  const error = caught(() => budget.run(() => (called = true)))
  assert.ok(error instanceof CpuLimitError)
  assert.equal(called, false)
  assert.equal(error.limit, 3)
  assert.ok(error.used >= 3)
  assert.equal(budget.used, used)
  assert.equal(budget.state, 'killed')
})

test('the times of sections add up to the hard limit', () => {
  const budget = new CpuBudget({ hard: 8 })
  let sections = 0
  const error = caught(() => {
    while (sections < 100_000) {
      budget.run(work, 200_000)
      sections += 1
    }
  })
  assert.ok(error instanceof CpuLimitError)
  assert.ok(sections > 1)
  assert.ok(budget.used >= 8)
})

test('a guest that ignores its soft limit is signalled, then stopped', () => {
  const instance = instantiate()
  const budget = new CpuBudget({ soft: 2, hard: 6 })
  new CpuBudget({ soft: 1 }).run(() => {
    const error = caught(() => budget.run(instance.exports.burn))
    assert.ok(error instanceof CpuLimitError)
    assert.equal(error.limit, 6)
    assert.equal(budget.state, 'killed')
    assert.equal(read(instance, 'signal'), 24)
  })
})

test('soft and hard may be equal', () => {
  const budget = new CpuBudget({ soft: 3, hard: 3 })
  assert.ok(caught(() => budget.run(burn)) instanceof CpuLimitError)
})
