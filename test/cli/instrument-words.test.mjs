// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: words in an added memory or page.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import initialise from 'wabt'

import { folder } from './support/command.mjs'
import {
  addresses,
  host,
  LOOP,
  instrument,
  report,
  textToModule,
  tryInstrument
} from './support/instrument.mjs'

const wabt = await initialise()
const BOTH = fileURLToPath(new URL('guests/both.mjs', import.meta.url))

const wat = (text, options) => textToModule(wabt, text, options)

/** The words are neither in memory 0 nor in a page that is added to it. */
function assertNoPage({ status, bytes }) {
  assert.equal(status, 0)
  assert.deepEqual(report(bytes).own_memory, { index: 1 })
}

test('a module without memory gets one for the words', () => {
  const bytes = wat(`(module (global (export "memory") i32 (i32.const 0))
    ${LOOP})`)
  const made = instrument(bytes)
  const { tracked, memory } = report(made)
  assert.equal(tracked, true)
  assert.equal(memory.export, 'memory_1')
  assert.deepEqual([memory.minimum_pages, memory.maximum_pages], [1, 1])
  assert.deepEqual(addresses(made), [0, 4, 8, 16])
  assert.deepEqual(instrument(bytes, '--add-page'), made)
})

test('the added memory gets a free name', () => {
  const names = Array.from({ length: 150_000 }, (_, i) => `memory_${i + 1}`)
  const exports = ['memory', ...names].map(
    (name) => `(export "${name}" (func 0))`
  )
  const made = instrument(wat(`(module ${LOOP} ${exports.join('')})`))
  assert.equal(report(made).memory.export, 'memory_150001')
})

test('--add-page adds a page if the module never reads the size', () => {
  const module = (limits) => wat(`(module (memory ${limits}) ${LOOP})`)
  const pages = (limits) => {
    const { tracked, memory } = report(instrument(module(limits), '--add-page'))
    assert.equal(tracked, true)
    return [memory.minimum_pages, memory.maximum_pages, memory.export]
  }
  assert.deepEqual(pages('1'), [2, null, 'memory'])
  assert.deepEqual(pages('1 1'), [2, 2, 'memory'])
  assert.deepEqual(pages('3 9'), [4, 9, 'memory'])
  assert.deepEqual(pages('0 0'), [1, 1, 'memory'])
  assert.deepEqual(pages('1 2 shared'), [2, 2, 'memory'])
  const made = instrument(module('65535'), '--add-page')
  assert.equal(addresses(made)[0], 65535 * 65536)
  assert.ok(WebAssembly.validate(made))
})

const STORES = '(func (param i32) (i32.store (local.get 0) (i32.const 1)))'

test('no page is added unless it is requested', () => {
  const made = (memory, functions) =>
    tryInstrument(wat(`(module ${memory} ${LOOP} ${functions})`))
  for (const limits of ['0', '1', '1 9', '1 1'])
    for (const functions of ['', STORES])
      for (const memory of [
        `(memory ${limits})`,
        `(memory (export "m") ${limits})`
      ]) {
        const module = made(memory, functions)
        assertNoPage(module)
        const { minimum_pages, maximum_pages } = report(module.bytes).memory
        assert.equal(
          [minimum_pages, maximum_pages ?? ''].join(' ').trim(),
          limits
        )
      }
})

/** Writes to all of its memory, accesses what follows, and runs a loop. */
const EDGES = `
  (func (export "size") (result i32) (memory.size))
  (func (export "fill") (local i32)
    (loop (i32.store8 (local.get 0) (i32.const 9))
      (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
        (i32.mul (memory.size) (i32.const 65536))))))
  (func (export "store") (i32.store (i32.const 65536) (i32.const 9)))
  (func (export "spin") (result i32) (local i32)
    (loop (br_if 0 (i32.lt_u
      (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
      (i32.const 5000))))
    (local.get 0))`

test('code that reaches the end of its memory behaves as before', (t) => {
  const path = folder(t)
  for (const memory of ['1', '1 4', '(export "mem") 1 4']) {
    const bytes = wat(`(module (memory ${memory}) ${EDGES})`)
    const made = tryInstrument(bytes)
    assertNoPage(made)
    const files = [bytes, made.bytes].map((module, i) => {
      writeFileSync(join(path, `${i}.wasm`), module)
      return join(path, `${i}.wasm`)
    })
    const [before, after] = JSON.parse(
      execFileSync(host('node-26').program, [BOTH, ...files])
    )
    assert.deepEqual(after.results, before.results)
    assert.deepEqual(
      after.results.map(([, result]) => result),
      [
        ...['1', 'undefined'],
        ...['RuntimeError: memory access out of bounds', '5000']
      ]
    )
  }
})

test('--add-page adds a page to an exported memory that the code uses', () => {
  const made = (memory, more = STORES, ...options) =>
    tryInstrument(wat(`(module ${memory} ${LOOP} ${more})`), ...options)
  for (const limits of ['1', '1 9', '1 1']) {
    const memory = `(memory (export "m") ${limits})`
    assertNoPage(made(memory))
    const { stderr } = made(memory, STORES, '--words', 'null-area')
    assert.match(stderr, /\n.*hint: --words page.*\n/)
    const { bytes } = made(memory, STORES, '--add-page')
    assert.equal(addresses(bytes)[0], 65536)
    assert.ok(WebAssembly.validate(bytes))
  }
  const asks = '(func (drop (memory.size)))'
  for (const [memory, more, reason] of [
    [
      '(memory (export "m") 1)',
      STORES + asks,
      /page: no: function 2 reads the size of its memory/
    ],
    [
      '(memory (export "m") 1)',
      STORES + asks.replace('(memory.size)', '(memory.grow (i32.const 1))'),
      /page: no: function 2 reads the size of its memory/
    ],
    [
      '(import "env" "m" (memory 1))',
      STORES,
      /page: no: its memory is imported/
    ],
    [
      '(memory (export "m") 65536)',
      STORES,
      /page: no: its memory is as large as engines accept/
    ],
    [
      '(memory 1) (data (i32.const 65536) "1")',
      STORES,
      /page: no: data may be after its memory/
    ]
  ]) {
    assertNoPage(made(memory, more, '--add-page'))
    const { status, stderr } = made(memory, more, '--words', 'page')
    assert.equal(status, 1)
    assert.match(stderr, /no place/)
    assert.match(stderr, reason)
    assert.doesNotMatch(stderr, /hint: --words page/)
  }
})

test('a null area is preferred to a page of --add-page', () => {
  const module = wat(`(module (memory (export "m") 2) ${LOOP} ${STORES}
    (global (mut i32) (i32.const 65536)) (data (i32.const 1024) "1")
    (func (local i32)
      (local.set 0 (global.get 0))
      (global.set 0 (i32.sub (local.get 0) (i32.const 16)))
      (global.set 0 (local.get 0))))`)
  const { bytes } = tryInstrument(module, '--add-page')
  assert.equal(addresses(bytes)[0], 992)
})

test('no page is added where data could be', () => {
  const made = (data, memory = '(memory 1)') =>
    tryInstrument(wat(`(module ${memory} ${LOOP} ${data})`), '--add-page')
  assert.equal(made('(data (i32.const 65535) "a")').status, 0)
  assert.equal(
    made('(data (i32.const 131072) "a")').status,
    0,
    'it still traps'
  )
  for (const place of [65532, 65536, 131071])
    assertNoPage(made(`(data (i32.const ${place}) "\\t\\t\\t\\t\\t")`))
  const later = '(import "env" "base" (global i32)) (memory 1)'
  assertNoPage(made('(data (global.get 0) "a")', later))
})

test('no page is added beyond the maximum of engines', () => {
  const made = (memory) =>
    tryInstrument(wat(`(module (memory ${memory}) ${LOOP})`), '--add-page')
  assert.equal(made('65535').status, 0)
  assertNoPage(made('65536'))
  assert.equal(made('i64 262143').status, 0)
  assertNoPage(made('i64 262144'))
})

test('words in a memory with 64-bit addresses have 64-bit addresses', () => {
  const made = instrument(wat(`(module (memory i64 1) ${LOOP})`), '--add-page')
  const { tracked, words } = report(made)
  assert.equal(tracked, true)
  assert.equal(words.__instance_signal.type, 'i64')
  assert.equal(words.__instance_signal.address, 65536)
})

test('an exported word keeps its address', () => {
  const bytes = wat(`(module (memory (export "memory") 1) ${LOOP}
    (global (export "__instance_terminated") i32 (i32.const 256)))`)
  assert.deepEqual(
    addresses(instrument(bytes, '--add-page')),
    [65536, 256, 65544, 65552]
  )
  const own = wat(`(module (memory 1) ${LOOP}
    (global (export "__instance_signal") i32 (i32.const 1024)))`)
  const made = instrument(own)
  assert.deepEqual(addresses(made), [1024, undefined, undefined, undefined])
  assert.equal(report(made).memory.export, 'memory')
  assert.equal(report(made).memory.minimum_pages, 1)
})

test('added words are zero, and data stay unchanged', async () => {
  const bytes = wat(`(module (memory 1 1)
    (data (i32.const 65532) "abcd")
    (func (export "run") (result i32)
      (loop (br_if 0 (i32.const 0))) (i32.load (i32.const 65532))))`)
  const { instance } = await WebAssembly.instantiate(
    instrument(bytes, '--add-page')
  )
  assert.equal(instance.exports.run(), 0x64636261)
  const words = new Uint32Array(instance.exports.memory.buffer, 65536, 4)
  assert.deepEqual([...words], [0, 0, 0, 0])
})

// ------------------------------------------------------------------ options

const C = `(memory 2) (global (mut i32) (i32.const 66560))
  (data (i32.const 1024) "1")
  (func (local i32) (local.set 0 (global.get 0))
    (global.set 0 (i32.sub (local.get 0) (i32.const 16)))
    (global.set 0 (local.get 0)))`

test('--words permits places, and the first that suits is taken', () => {
  const bytes = wat(`(module ${C} ${LOOP})`)
  const at = (...words) => {
    const { status, bytes: made } = tryInstrument(bytes, ...words)
    if (status !== 0) return 'refused'
    return report(made).own_memory ? 'memory' : addresses(made)[0]
  }
  assert.equal(at(), 992)
  assert.equal(at('--words', 'auto'), 992)
  assert.equal(at('--words', 'memory,null-area'), 992)
  assert.equal(at('--words', 'page'), 131072)
  assert.equal(at('--words', 'memory,page'), 131072)
  assert.equal(at('--words', 'memory'), 'memory')
  assert.equal(at('--words', 'memory', '--add-page'), 131072)
  assert.equal(at('--words', 'own'), 'refused')
})

test('a refusal explains each place, and names the options that help', () => {
  const bytes = wat(`(module (memory 1) ${LOOP})`)
  const { status, stderr } = tryInstrument(bytes, '--words', 'null-area')
  assert.equal(status, 1)
  const [first, ...lines] = stderr.trimEnd().split('\n')
  assert.equal(first, 'wasmsig: -: no place for its signal words')
  assert.deepEqual(
    lines.map((line) => /^wasmsig: -: ([a-z-]+: [a-z-]+)/.exec(line)[1]),
    [
      'null-area: no',
      'page: possible',
      'memory: possible',
      ...['hint: --words', 'hint: --words']
    ]
  )
})

test('--explain prints the reason for each place that was tried', () => {
  const explained = (text, ...words) =>
    tryInstrument(wat(text), '--explain', ...words).stderr
  assert.equal(
    explained(`(module ${C} ${LOOP})`),
    'wasmsig: -: own: no: it exports no __instance_signal\n' +
      'wasmsig: -: null-area: yes: words at 992: wasm-ld leaves addresses ' +
      'below 1024 unused (function 0 keeps a C stack below global 0)\n'
  )
  assert.match(
    explained(`(module (memory 1) ${LOOP})`, '--add-page'),
    /: own: no: .*\n.*: null-area: no: .*\n.*: page: yes: words at 65536: .*\n$/
  )
  assert.match(
    explained(`(module (memory (export "memory") 1) ${LOOP}
      (global (export "__instance_signal") i32 (i32.const 16)))`),
    /^wasmsig: -: own: yes: words of its own: it exports __instance_signal\n$/
  )
})
