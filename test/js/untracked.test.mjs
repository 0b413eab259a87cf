// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Modules that cannot be tracked still run, and stats() counts the reason. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, raise, stats, uninstall } from 'wasmsig'
import { assemble } from './support/guests.mjs'

const OWN = '(memory (export "memory") 1)'
const word = (at, type = 'i32') =>
  `(global (export "__instance_signal") ${type} (${type.match(/[if]\d\d/)[0]}.const ${at}))`
const terminated = (at) =>
  `(global (export "__instance_terminated") i32 (i32.const ${at}))`
const pending = (at) =>
  `(global (export "__instance_signal_pending") i32 (i32.const ${at}))`

/** The name of each case, the text of its module, the expected reason. */
const CASES = [
  ['an address just behind the memory', OWN + word(65536), 'out-of-range'],
  ['a negative address', OWN + word(-16), 'out-of-range'],
  ['the highest aligned address', OWN + word(-4), 'out-of-range'],
  [
    'a terminated word behind the memory',
    OWN + word(8) + terminated(65536),
    'out-of-range'
  ],
  [
    'a pending set half behind the memory',
    OWN + word(8) + pending(65536),
    'out-of-range'
  ],
  ['an empty memory', '(memory (export "memory") 0)' + word(0), 'out-of-range'],
  ['a signal word at an odd address', OWN + word(1025), 'misaligned'],
  ['a signal word at 2 modulo 4', OWN + word(1026), 'misaligned'],
  [
    'a terminated word at an odd address',
    OWN + word(8) + terminated(1027),
    'misaligned'
  ],
  ['a pending set at 4 modulo 8', OWN + word(8) + pending(1028), 'misaligned'],
  ['two words at one address', OWN + word(1024) + terminated(1024), 'overlap'],
  [
    'a signal word in the pending set',
    OWN + word(1028) + pending(1024),
    'overlap'
  ],
  [
    'a terminated word in the pending set',
    OWN + word(8) + terminated(1024) + pending(1024),
    'overlap'
  ],
  [
    'a function called __instance_signal',
    `${OWN}(func (export "__instance_signal"))`,
    'not-an-address'
  ],
  [
    'a memory called __instance_signal',
    '(memory (export "__instance_signal") 1)',
    'not-an-address'
  ],
  [
    'a table called __instance_signal',
    `${OWN}(table (export "__instance_signal") 1 funcref)`,
    'not-an-address'
  ],
  ['a mutable global', OWN + word(1024, '(mut i32)'), 'not-an-address'],
  ['an f64 global', OWN + word(1024, 'f64'), 'not-an-address'],
  ['an f32 global', OWN + word(1024, 'f32'), 'not-an-address'],
  [
    'an externref global',
    `${OWN}(global (export "__instance_signal") externref (ref.null extern))`,
    'not-an-address'
  ],
  [
    'an i64 global in a 32-bit module',
    OWN + word(1024, 'i64'),
    'not-an-address'
  ],
  [
    'a mutable terminated address',
    `${OWN}${word(1024)}(global (export "__instance_terminated") (mut i32) (i32.const 8))`,
    'not-an-address'
  ],
  ['no memory', word(1024), 'no-memory'],
  ['a memory that is not exported', `(memory 1)${word(1024)}`, 'no-memory']
]

const RUNS = '(func (export "seven") (result i32) (i32.const 7))'

function make(text) {
  const module = new WebAssembly.Module(assemble(`(module ${text} ${RUNS})`))
  return new WebAssembly.Instance(module)
}

/** Every memory that an instance exports, as bytes. */
const memories = (instance) =>
  Object.values(instance.exports)
    .filter((value) => value instanceof WebAssembly.Memory)
    .map((memory) => Buffer.from(memory.buffer).toString('base64'))

for (const [name, text, reason] of CASES) {
  test(`a module with ${name} runs untracked: ${reason}`, () => {
    install()
    const before = stats()
    const instance = make(text)
    assert.equal(instance.exports.seven(), 7)
    const after = stats()
    const count = (before.untracked[reason] ?? 0) + 1
    assert.deepEqual(after.untracked, { ...before.untracked, [reason]: count })
    assert.deepEqual(after.tracked, before.tracked)
    assert.equal(raise('SIGINT', instance), 0)
  })

  if (!text.includes('(memory (export')) continue
  test(`a module with ${name} works as without the package`, () => {
    uninstall()
    const plain = memories(make(text))
    install()
    const instance = make(text)
    raise('SIGINT')
    assert.deepEqual(memories(instance), plain)
  })
}

test('an instance with one invalid word is not tracked at all', () => {
  install()
  const code = `${OWN}${word(1024)}${terminated(1025)}
    (data (i32.const 1024) "\\ff\\ff\\00\\00")`
  const { tracked } = stats()
  const instance = make(code)
  assert.equal(raise('SIGINT', instance), 0)
  assert.equal(raise('SIGINT', 'realm'), 0)
  assert.deepEqual(stats().tracked, tracked)
  const first = new Uint32Array(instance.exports.memory.buffer)[256]
  assert.equal(first, 0xffff)
})

test('instantiate counts the reason as new Instance does', async () => {
  install()
  const before = stats().untracked['misaligned'] ?? 0
  const bytes = assemble(`(module ${OWN}${word(1025)} ${RUNS})`)
  const { instance } = await WebAssembly.instantiate(bytes)
  assert.equal(instance.exports.seven(), 7)
  assert.equal(stats().untracked['misaligned'], before + 1)
})
