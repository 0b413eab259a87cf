// SPDX-License-Identifier: Apache-2.0 OR MIT
/** raise, clear, SIGNALS, stats, capabilities. */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { beforeEach, test } from 'node:test'
import * as wasmsig from 'wasmsig'
import { OWN_SHARED, instantiate, read, write } from './support/guests.mjs'

const { SIGNALS, capabilities, clear, install, raise, stats, terminate } =
  wasmsig

install()

const words = ['signal', 'terminated', 'pending']
const a = instantiate({ words })
const b = instantiate({ words })
const c = instantiate({ words, memory: OWN_SHARED })
const all = [a, b, c]
const untracked = instantiate({ words: [] })

const signals = () => all.map((instance) => read(instance, 'signal'))

beforeEach(() => {
  for (const instance of all) {
    for (const word of ['signal', 'terminated']) write(instance, word, 0)
    write(instance, 'pending', 0n)
  }
})

const TARGETS = {
  nothing: [[], 3, [2, 2, 2]],
  undefined: [[undefined], 3, [2, 2, 2]],
  realm: [['realm'], 3, [2, 2, 2]],
  process: [['process'], 3, [2, 2, 2]],
  'one instance': [[b], 1, [0, 2, 0]],
  'an array': [[[a, c]], 2, [2, 0, 2]],
  'an empty array': [[[]], 0, [0, 0, 0]],
  'an array with one instance twice': [[[a, a]], 1, [2, 0, 0]],
  'a set': [[new Set([a, b])], 2, [2, 2, 0]],
  'the values of a map': [[new Map([[1, c]]).values()], 1, [0, 0, 2]],
  'an instance that is not tracked': [[untracked], 0, [0, 0, 0]],
  'an array of one that is tracked and one that is not': [
    [[untracked, a]],
    1,
    [2, 0, 0]
  ]
}

for (const [name, [args, count, words]] of Object.entries(TARGETS)) {
  test(`raise for ${name} reaches ${count}`, () => {
    assert.equal(raise('SIGINT', ...args), count)
    assert.deepEqual(signals(), words)
  })
}

const terminated = () => all.map((instance) => read(instance, 'terminated'))

for (const [name, [args, count, words]] of Object.entries(TARGETS)) {
  if (args[0] === undefined || args[0].next) continue
  test(`terminate for ${name} reaches ${count}`, () => {
    assert.equal(terminate(...args), count)
    assert.deepEqual(
      terminated(),
      words.map((word) => (word ? 1 : 0))
    )
    assert.equal(raise('SIGINT'), 3 - count)
  })
}

test('terminate has no default target', () => {
  for (const args of [[], [undefined]]) {
    assert.throws(() => terminate(...args), {
      code: 'ERR_WASMSIG_INVALID_ARG_TYPE'
    })
  }
  assert.deepEqual(terminated(), [0, 0, 0])
})

test('raise iterates a generator once', () => {
  let steps = 0
  const generate = function* () {
    for (const instance of [a, b]) {
      steps += 1
      yield instance
    }
  }
  assert.equal(raise('SIGINT', generate()), 2)
  assert.equal(steps, 2)
})

test('raise accepts numbers from 1 to 64', () => {
  for (let signal = 1; signal <= 64; signal += 1) {
    assert.equal(raise(signal, a), 1)
    assert.equal(read(a, 'signal'), signal)
  }
  assert.equal(read(a, 'pending'), (1n << 64n) - 1n)
})

test('raise accepts every name of SIGNALS', () => {
  for (const [name, signal] of Object.entries(SIGNALS)) {
    assert.equal(raise(name, a), 1)
    assert.equal(read(a, 'signal'), signal)
  }
})

test('raise does not count a terminated instance', () => {
  write(b, 'terminated', 1)
  assert.equal(raise('SIGINT'), 2)
  assert.deepEqual(signals(), [2, 0, 2])
  assert.equal(read(b, 'pending'), 0n)
})

test('SIGKILL reaches a terminated instance', () => {
  write(b, 'terminated', 1)
  assert.equal(raise('SIGKILL', b), 1)
  assert.equal(read(b, 'signal'), SIGNALS.SIGKILL)
})

test('clear takes waiting signals back, and counts them', () => {
  raise('SIGINT', [a, c])
  assert.equal(clear(), 2)
  assert.deepEqual(signals(), [0, 0, 0])
  assert.equal(clear(), 0)
})

test('clear empties the pending set', () => {
  raise('SIGINT', a)
  raise('SIGTERM', a)
  clear(a)
  assert.equal(read(a, 'pending'), 0n)
})

test('clear leaves other instances unchanged', () => {
  raise('SIGINT')
  assert.equal(clear(b), 1)
  assert.deepEqual(signals(), [2, 0, 2])
  assert.equal(clear([a, b]), 1)
  assert.deepEqual(signals(), [0, 0, 2])
})

test('clear accepts the same targets as raise', () => {
  for (const [, [args, count, before]] of Object.entries(TARGETS)) {
    if (typeof args[0]?.next === 'function') continue
    raise('SIGINT')
    assert.equal(clear(...args), count)
    const after = before.map((signal) => (signal === 2 ? 0 : 2))
    assert.deepEqual(signals(), after)
  }
})

test('clear does not count an acknowledged signal', () => {
  raise('SIGINT', a)
  a.exports.answer(1)
  write(a, 'pending', 0n)
  assert.equal(clear(a), 0)
})

test('SIGNALS holds the numbers of Linux, and is frozen', () => {
  assert.ok(Object.isFrozen(SIGNALS))
  const { SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGTERM, SIGXCPU, SIGSYS } = SIGNALS
  assert.deepEqual(
    [SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGTERM, SIGXCPU, SIGSYS],
    [1, 2, 9, 10, 15, 24, 31]
  )
})

test('SIGNALS has one name for each number from 1 to 31', () => {
  const numbers = Object.values(SIGNALS).sort((x, y) => x - y)
  assert.deepEqual(
    numbers,
    Array.from({ length: 31 }, (_, i) => i + 1)
  )
})

test(
  'SIGNALS agrees with the system where that is Linux',
  {
    skip: process.platform !== 'linux' || process.arch !== 'x64'
  },
  () => {
    for (const [name, signal] of Object.entries(SIGNALS)) {
      assert.equal(constants.signals[name], signal, name)
    }
  }
)

test('stats has its members, all numbers but `firing` and `budgets`', () => {
  const { tracked, untracked, unsafe, firing, budgets, ...counters } = stats()
  assert.ok(['timer', 'watchdog'].includes(firing))
  assert.deepEqual(Object.keys(tracked).sort(), ['FIXED', 'MOVABLE', 'SHARED'])
  assert.deepEqual([untracked, budgets], [{}, []])
  const names = ['collected', 'kills', 'raises', 'softLimits', 'sweeps']
  assert.deepEqual(Object.keys(counters).sort(), names)
  for (const value of [...Object.values(tracked), ...Object.values(counters)]) {
    assert.ok(Number.isSafeInteger(value))
  }
})

test('stats counts tracked instances by class, and raises', () => {
  const before = stats()
  assert.equal(before.tracked.FIXED, 2)
  assert.equal(before.tracked.SHARED, 1)
  raise('SIGINT')
  assert.equal(stats().raises, before.raises + 3)
})

test('stats is a copy: a change to it has no effect', () => {
  const picture = stats()
  picture.tracked.FIXED = 1000
  picture.untracked.overlap = 1000
  picture.raises = -1
  assert.equal(stats().tracked.FIXED, 2)
  assert.deepEqual(stats().untracked, {})
  assert.notEqual(stats().raises, -1)
})

test('capabilities shows what this host can do, and is frozen', () => {
  assert.ok(Object.isFrozen(capabilities))
  assert.deepEqual(Object.keys(capabilities).sort(), [
    'asyncContext',
    'hardKill',
    'memoryClasses',
    'supported'
  ])
  assert.equal(capabilities.supported, true)
  assert.equal(capabilities.hardKill, 'engine')
  assert.equal(capabilities.asyncContext, true)
  assert.ok(Object.isFrozen(capabilities.memoryClasses))
  const classes = [...capabilities.memoryClasses].sort()
  assert.deepEqual(classes, ['FIXED', 'MOVABLE', 'SHARED'])
})

test('the package exports what its types declare', () => {
  const { default: _, ...names } = wasmsig
  assert.deepEqual(Object.keys(names).sort(), [
    'CpuBudget',
    'CpuLimitError',
    'SIGNALS',
    'capabilities',
    'clear',
    'forward',
    'inspect',
    'install',
    'kill',
    'limitCpu',
    'raise',
    'stats',
    'terminate',
    'track',
    'uninstall'
  ])
})
