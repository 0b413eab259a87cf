// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Words in a memory of their own, `__wasmsig_memory`. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { inspect, install, raise, stats, uninstall } from 'wasmsig'
import { PENDING, SIGNAL, TERMINATED, assemble } from './support/guests.mjs'

const OWN = '(memory $own (export "__wasmsig_memory") 1 1)'
const SPIN = `(func (export "spin") (result i32)
  (local $turns i64) (local $signal i32)
  (loop $again
    (local.set $signal (i32.atomic.load $own (i32.const 0)))
    (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
    (br_if $again (i32.and (i32.eqz (local.get $signal))
      (i64.lt_u (local.get $turns) (i64.const 0x100000000)))))
  (local.get $signal))`
/** Not data: our assembler cannot write data of another memory than 0. */
const START = `(func $start
  (i32.store $own (i32.const 0) (i32.const 0xffff))
  (i32.store $own (i32.const 4) (i32.const 7)))
  (start $start)`

const make = (memories, more = '') =>
  assemble(`(module ${memories} ${SPIN} ${START} ${more})`)

const ALONE = make(OWN)
const BESIDE = make(`(memory (export "memory") 1) ${OWN}`)

const severalMemories = WebAssembly.validate(BESIDE)
const skip = !severalMemories && 'the engine has no multi-memory'

const own = (instance) =>
  new Uint32Array(instance.exports.__wasmsig_memory.buffer)

afterEach(() => {
  uninstall()
})

/** Instantiates with the shim installed. */
function instantiate(bytes, imports) {
  install()
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
}

function assertReceives(instance) {
  assert.deepEqual([...own(instance).subarray(0, 4)], [0, 7, 0, 0])
  own(instance)[1] = 0
  assert.equal(raise('SIGINT', instance), 1)
  assert.deepEqual([...own(instance).subarray(0, 4)], [2, 0, 2, 0])
  assert.equal(instance.exports.spin(), 2)
}

test('the words of an instance are in its only memory', () => {
  const { FIXED } = stats().tracked
  const instance = instantiate(ALONE)
  assert.equal(stats().tracked.FIXED, FIXED + 1)
  assertReceives(instance)
})

/** Ways to an instance. */
const WAYS = {
  'of a module': (bytes) =>
    WebAssembly.instantiate(new WebAssembly.Module(bytes)),
  'of bytes': async (bytes) => (await WebAssembly.instantiate(bytes)).instance,
  'of a stream': async (bytes) => {
    const headers = { 'content-type': 'application/wasm' }
    const response = new Response(bytes, { headers })
    return (await WebAssembly.instantiateStreaming(response)).instance
  }
}

for (const [way, start] of Object.entries(WAYS)) {
  test(`an instance ${way} receives signals in such a memory`, async () => {
    install()
    assertReceives(await start(ALONE))
  })
}

const two = () => new WebAssembly.Memory({ initial: 1 })
const threads = () =>
  new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true })

/** Modules with other memories: memories, and what they import. */
const OTHERS = {
  'a memory': ['(memory (export "memory") 1)'],
  'a hidden memory': ['(memory 1)'],
  'an imported memory': ['(import "env" "memory" (memory 1))', two],
  'a shared memory': ['(import "env" "memory" (memory 1 2 shared))', threads],
  'two memories': ['(memory 1) (memory (export "memory") 1 1)']
}

for (const [name, [memories, makeMemory]] of Object.entries(OTHERS)) {
  test(`the words are beside ${name}`, { skip }, () => {
    const memory = makeMemory?.()
    const instance = instantiate(make(`${memories} ${OWN}`), {
      env: { memory }
    })
    const other = memory ?? instance.exports.memory
    const bytes = other && new Uint8Array(other.buffer).fill(9)
    assertReceives(instance)
    assert.ok(bytes === undefined || bytes.every((byte) => byte === 9))
  })
}

test('words that are exported are in memory 0', { skip }, () => {
  const instance = instantiate(
    make(
      `(memory (export "memory") 1) ${OWN}`,
      `(global (export "${SIGNAL}") i32 (i32.const 1024))`
    )
  )
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(new Uint32Array(instance.exports.memory.buffer)[256], 2)
  assert.deepEqual([...own(instance).subarray(0, 2)], [0xffff, 7])
})

/** Exports of the name that have no meaning. */
const OF_ANOTHER_KIND = {
  'a memory of two pages': '(memory $own (export "__wasmsig_memory") 2 2)',
  'a memory that can grow': '(memory $own (export "__wasmsig_memory") 1 2)',
  'a memory without maximum': '(memory $own (export "__wasmsig_memory") 1)',
  'a shared memory': '(memory $own (export "__wasmsig_memory") 1 1 shared)',
  'a global':
    '(memory $own 1 1) (global (export "__wasmsig_memory") i32 (i32.const 0))'
}

for (const [name, memories] of Object.entries(OF_ANOTHER_KIND)) {
  test(`a module whose __wasmsig_memory is ${name} has no words`, () => {
    const { tracked, untracked } = stats()
    const bytes = make(`${memories} (export "m" (memory $own))`)
    const instance = instantiate(bytes)
    assert.equal(raise('SIGINT', instance), 0)
    assert.equal(new Uint32Array(instance.exports.m.buffer)[0], 0xffff)
    assert.deepEqual(stats().tracked, tracked)
    assert.deepEqual(stats().untracked, untracked)
    assert.equal(inspect(bytes).reason, 'no-words')
  })
}

test('where one memory is supported, inspect says what helps', (t) => {
  if (severalMemories) return t.skip('the engine has multi-memory')
  assert.throws(
    () => inspect(BESIDE),
    /signal words have a memory of their own.*Node .* from 22 on/
  )
  const two = assemble('(module (memory 1) (memory 1))')
  assert.throws(() => inspect(two), /several memories, .* from 22 on/)
})

test('inspect reports the memory of the words', () => {
  const { tracked, words, addresses, memory, reason } = inspect(ALONE)
  assert.equal(tracked, true)
  assert.equal(reason, undefined)
  assert.deepEqual(words, [
    SIGNAL,
    TERMINATED,
    PENDING,
    '__instance_signal_handled'
  ])
  assert.deepEqual(Object.values(addresses), [0, 4, 8, 16])
  assert.deepEqual(memory, {
    from: 'export',
    name: '__wasmsig_memory',
    shared: false,
    addressType: 'i32',
    minimum: 1,
    maximum: 1
  })
  const ofModule = inspect(new WebAssembly.Module(ALONE))
  assert.equal(ofModule.tracked, true)
  assert.deepEqual(ofModule.words, words)
  assert.equal(ofModule.memory.name, '__wasmsig_memory')
})
