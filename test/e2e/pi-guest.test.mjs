// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The guest alone, in an engine without wasmsig. This test acts as the host: it
 * writes the signal word.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { digitsOfPi } from './support/chudnovsky.mjs'
import { PI_WASM } from './support/example.mjs'
import { atomicLoads } from './support/guests.mjs'

const SIGINT = 2
const SIGXCPU = 24
const UNHOSTED = 0xffff

const bytes = await readFile(PI_WASM)
const module = new WebAssembly.Module(bytes)

function start() {
  const signals = []
  const received = (signal, digits) => signals.push({ signal, digits })
  const { exports } = new WebAssembly.Instance(module, { host: { received } })
  const { memory, __instance_signal: address } = exports
  const word = new Uint32Array(memory.buffer, address.value, 1)
  return { exports, word, signals }
}

function digitsOf(exports, count) {
  const { memory, digits } = exports
  return Buffer.from(memory.buffer, digits(), count).toString()
}

test('the address of the word is an immutable i32 global', () => {
  const { exports } = start()
  const { __instance_signal: address } = exports
  assert.ok(address instanceof WebAssembly.Global)
  assert.equal(typeof address.value, 'number')
  assert.throws(() => (address.value = 0), TypeError)
})

test('the word is aligned and says that no host has written to it', () => {
  const { exports, word } = start()
  assert.equal(exports.__instance_signal.value % 4, 0)
  assert.equal(word[0], UNHOSTED)
})

test('its polls are atomic loads inside loops', () => {
  const polls = atomicLoads(bytes).filter(({ inLoop }) => inLoop)
  assert.ok(polls.length >= 3, `${polls.length} polls in loops`)
})

test('without a host it computes to its capacity, every digit right', () => {
  const { exports, signals } = start()
  const capacity = exports.capacity()
  assert.equal(exports.until_sigxcpu(), capacity)
  assert.deepEqual(signals, [])
  assert.equal(digitsOf(exports, capacity), digitsOfPi(capacity))
})

for (const [name, signal] of [
  ['until_sigxcpu', SIGXCPU],
  ['until_sigint', SIGINT]
])
  test(`${name} reports signal ${signal} to the host and returns`, () => {
    const { exports, word, signals } = start()
    word[0] = signal
    const digits = exports[name]()
    assert.equal(signals.length, 1)
    assert.equal(signals[0].signal, signal)
    assert.ok(digits - signals[0].digits <= 1, 'it went on')
  })

test('a signal that it received is acknowledged', () => {
  const { exports, word } = start()
  word[0] = SIGXCPU
  exports.until_sigxcpu()
  assert.equal(word[0], 0)
})

test('it can be called again after a signal', () => {
  const { exports, word, signals } = start()
  for (const _ of [1, 2]) {
    word[0] = SIGXCPU
    exports.until_sigxcpu()
  }
  assert.equal(signals.length, 2)
})

test('SIGKILL in the word traps', () => {
  const { exports, word } = start()
  word[0] = 9
  assert.throws(() => exports.until_sigxcpu(), WebAssembly.RuntimeError)
})
