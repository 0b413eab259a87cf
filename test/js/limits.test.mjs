// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Bad limits and functions are refused with a clear error, and change nothing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CpuBudget, install, limitCpu } from 'wasmsig'
import { instantiate, read } from './support/guests.mjs'
import {
  NOT_AMOUNTS,
  NOT_NAMES,
  NOT_NUMBERS,
  NOT_SIGNALS,
  NOT_SIGNAL_NUMBERS,
  RANGE,
  SIGNAL,
  TYPE,
  refused
} from './support/refusal.mjs'
import { caught } from './support/work.mjs'

install()

const instance = instantiate()

/** Functions that have limits. */
const TAKE_LIMITS = {
  'new CpuBudget': (limits) => new CpuBudget(limits),
  limitCpu: (limits) => limitCpu(() => {}, limits),
  reset: (limits) => new CpuBudget({ soft: 5, hard: 10 }).reset(limits)
}

for (const [taker, take] of Object.entries(TAKE_LIMITS)) {
  for (const limit of ['soft', 'hard', 'wall']) {
    for (const [name, value, came] of NOT_NUMBERS) {
      test(`${taker} refuses ${name} as ${limit}`, () => {
        refused(() => take({ [limit]: value }), TYPE, came)
        refused(() => take({ [limit]: value }), TYPE, new RegExp(limit))
      })
    }
    for (const [name, value, came] of NOT_AMOUNTS) {
      test(`${taker} refuses ${name} as ${limit}`, () => {
        refused(() => take({ [limit]: value }), RANGE, came)
        refused(() => take({ [limit]: value }), RANGE, new RegExp(limit))
      })
    }
  }

  test(`${taker} refuses soft above hard`, () => {
    refused(() => take({ soft: 20, hard: 19.5 }), RANGE, /20/)
  })

  test(`${taker} refuses more time than a number holds exactly`, () => {
    refused(() => take({ hard: Number.MAX_VALUE }), RANGE, /hard/)
  })

  for (const name of NOT_NAMES) {
    test(`${taker} refuses the signal name '${name}'`, () => {
      refused(() => take({ soft: 1, signal: name }), SIGNAL, new RegExp(name))
    })
  }

  for (const number of NOT_SIGNAL_NUMBERS) {
    test(`${taker} refuses the signal number ${number}`, () => {
      const came = new RegExp(String(number))
      refused(() => take({ soft: 1, signal: number }), [RANGE, SIGNAL], came)
    })
  }

  for (const [name, value, came] of NOT_SIGNALS) {
    test(`${taker} refuses ${name} as a signal`, () => {
      refused(() => take({ soft: 1, signal: value }), TYPE, came)
    })
  }

  for (const value of [null, 5, 'fast', true, 5n, Symbol('limits')]) {
    test(`${taker} refuses limits that are ${String(value)}`, () => {
      refused(() => take(value), TYPE, /limits|object/i)
    })
  }
}

for (const [taker, take] of Object.entries(TAKE_LIMITS).slice(0, 2)) {
  const BAD_INSTANCES = [
    ['null', null],
    ['a number', 5],
    ['an instance', instance],
    ['an object', {}],
    ['an array with a number', [instance, 5]],
    ['an array with null', [null]],
    ['an array with a memory', [instance.exports.memory]],
    ['a string', 'realm']
  ]
  for (const [name, instances] of BAD_INSTANCES) {
    test(`${taker} refuses ${name} as instances`, () => {
      refused(() => take({ soft: 1, instances }), TYPE, /instances/)
    })
  }
}

test('an error of a getter of the limits passes through', () => {
  const theirs = new Error('theirs')
  const limits = {
    get soft() {
      throw theirs
    }
  }
  for (const take of Object.values(TAKE_LIMITS)) {
    assert.equal(
      caught(() => take(limits)),
      theirs
    )
  }
})

test('each limit is read once', () => {
  const reads = []
  const limits = new Proxy(
    {
      soft: 5,
      hard: 10,
      wall: 20,
      signal: 'SIGINT',
      instances: [instance],
      onUnsafe: 'wait',
      grace: 1,
      terminate: true,
      measure: false,
      name: 'once'
    },
    {
      get(target, key) {
        reads.push(key)
        return target[key]
      }
    }
  )
  new CpuBudget(limits)
  assert.deepEqual(reads.sort(), [
    'grace',
    'hard',
    'instances',
    'measure',
    'name',
    'onUnsafe',
    'signal',
    'soft',
    'terminate',
    'wall'
  ])
})

test('a refused reset changes nothing', () => {
  const budget = new CpuBudget({ soft: 2, hard: 100, instances: [instance] })
  budget.run(instance.exports.spin)
  const { used } = budget
  const bad = [{ soft: 0 }, { soft: 200 }, { hard: 1 }, { signal: 'X' }, null]
  for (const limits of bad) assert.throws(() => budget.reset(limits))
  assert.equal(budget.used, used)
  assert.equal(budget.state, 'signalled')
  assert.equal(budget.run(instance.exports.spin), 24)
})

test('reset refuses a soft limit above the hard one that stays', () => {
  const budget = new CpuBudget({ hard: 10 })
  refused(() => budget.reset({ soft: 11 }), RANGE, /11/)
  const other = new CpuBudget({ soft: 5 })
  refused(() => other.reset({ hard: 4 }), RANGE, /5|4/)
})

for (const value of [undefined, null, 5, 'fn', {}, [], Symbol('fn')]) {
  test(`run and limitCpu refuse ${typeof value} ${String(value)} as a function`, () => {
    const budget = new CpuBudget({ hard: 10 })
    refused(() => budget.run(value), TYPE, /function/)
    refused(() => limitCpu(value, { hard: 10 }), TYPE, /function/)
    assert.equal(budget.used, 0)
    assert.equal(budget.state, 'ready')
  })
}

test('limitCpu refuses bad limits at once, not at the first call', () => {
  let called = false
  const fn = () => (called = true)
  refused(() => limitCpu(fn, { hard: -5 }), RANGE, /-5/)
  assert.equal(called, false)
})

test('CpuBudget is a class', () => {
  assert.throws(() => CpuBudget({ hard: 10 }), TypeError)
})

test('the methods of CpuBudget refuse another this', () => {
  const { prototype } = CpuBudget
  for (const other of [
    undefined,
    null,
    {},
    prototype,
    Object.create(prototype)
  ]) {
    assert.throws(() => prototype.run.call(other, () => {}), TypeError)
    assert.throws(() => prototype.reset.call(other), TypeError)
  }
  assert.throws(() => prototype.used, TypeError)
  assert.throws(() => prototype.state, TypeError)
})

test('used and state cannot be written', () => {
  const budget = new CpuBudget({ hard: 10 })
  assert.throws(() => (budget.used = 5), TypeError)
  assert.throws(() => (budget.state = 'killed'), TypeError)
})

const UNKNOWN = { name: 'TypeError', code: 'ERR_WASMSIG_UNKNOWN_LIMIT' }
const MISSPELLED = [
  [{ timeout: 50 }, /limits\.timeout is unknown: did you mean limits\.hard\?/],
  [{ soft: 5, hardd: 10 }, /limits\.hardd .* limits\.hard\?/],
  [{ Soft: 5 }, /limits\.Soft .* limits\.soft\?/],
  [{ hard: 5, instance: [] }, /limits\.instances\?/],
  [{ hard: 5, onunsafe: 'exit' }, /limits\.onUnsafe\?/],
  [
    { hard: 5, colour: 1 },
    /limits\.colour .*soft, hard, wall, signal, .*measure/
  ]
]

for (const [taker, take] of Object.entries(TAKE_LIMITS)) {
  for (const [limits, message] of MISSPELLED) {
    test(`${taker} refuses ${JSON.stringify(limits)}`, () => {
      assert.throws(() => take(limits), { ...UNKNOWN, message })
    })
  }
}

test('no limit at all must be requested', () => {
  const none = [{}, { soft: undefined }, { measure: false }, { signal: 2 }]
  for (const limits of none) {
    refused(() => new CpuBudget(limits), TYPE, /measure: true/)
    refused(() => limitCpu(() => {}, limits), TYPE, /soft, hard or wall/)
  }
  assert.equal(
    new CpuBudget({ measure: true }).run(() => 1),
    1
  )
  assert.equal(limitCpu(() => 2, { measure: true })(), 2)
  const budget = new CpuBudget({ measure: true, hard: 3 })
  assert.ok(caught(() => budget.run(instance.exports.burn)))
})

test('a reset may leave out all limits', () => {
  const budget = new CpuBudget({ measure: true })
  assert.equal(budget.reset().reset({}).reset({ measure: true }), budget)
})
