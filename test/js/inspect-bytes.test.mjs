// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What inspect reports if the bytes of a module are known. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import initialise from 'wabt'
import { inspect, install, stats } from 'wasmsig'
import { run } from './support/child.mjs'
import {
  IMPORTED,
  NONE,
  OWN,
  OWN_SHARED,
  PENDING,
  SHARED,
  SIGNAL,
  TERMINATED,
  guest
} from './support/guests.mjs'

const wabt = await initialise()

function assemble(text) {
  const features = {
    exceptions: true,
    extended_const: true,
    memory64: true,
    multi_memory: true,
    mutable_globals: true,
    threads: true
  }
  const module = wabt.parseWat('guest.wat', `(module ${text})`, features)
  try {
    return new Uint8Array(module.toBinary({}).buffer)
  } finally {
    module.destroy()
  }
}

const word = (value, name = SIGNAL, type = 'i32') =>
  `(global (export "${name}") ${type} (${type}.const ${value}))`

/** Skips a test in engines that refuse these bytes. */
const unless = (bytes) => ({
  skip: !WebAssembly.validate(bytes) && 'the engine refuses such a module'
})

/** Elsewhere the engine does not show a module's bytes. */
const isNode = !(process.versions.deno ?? process.versions.bun)
const isTold = isNode && Number(process.versions.node.split('.')[0]) >= 22

describe('the reason', () => {
  const FAULTS = {
    'a word behind the memory': [OWN + word(65536), 'out-of-range', SIGNAL],
    'a word that reaches out of the memory': [
      OWN + word(65532, PENDING),
      'out-of-range',
      PENDING
    ],
    'a word at an odd address': [OWN + word(1026), 'misaligned', SIGNAL],
    'a pending set that is aligned to 4 only': [
      OWN + word(1024) + word(1036, PENDING),
      'misaligned',
      PENDING
    ],
    'two words at one address': [
      OWN + word(1024) + word(1024, TERMINATED),
      'overlap',
      TERMINATED
    ],
    'one global that is two words': [
      `(import "a" "b" (global $g i32)) ${OWN}
        (export "${SIGNAL}" (global $g)) (export "${PENDING}" (global $g))`,
      'overlap',
      PENDING
    ],
    'a word of another type': [
      OWN + word(1024) + word(1028, TERMINATED, 'i64'),
      'not-an-address',
      TERMINATED
    ],
    'a word that may change': [
      `${OWN} (global (export "${SIGNAL}") (mut i32) (i32.const 1024))`,
      'not-an-address',
      SIGNAL
    ],
    'a word that is a function': [
      `${OWN} (func (export "${SIGNAL}"))`,
      'not-an-address',
      SIGNAL
    ],
    'no memory': [word(1024), 'no-memory', undefined],
    'a memory that is not shown': [
      `(memory 1) ${word(1024)}`,
      'no-memory',
      undefined
    ]
  }

  for (const [fault, [text, reason, at]] of Object.entries(FAULTS)) {
    const bytes = assemble(text)
    const module = new WebAssembly.Module(bytes)

    test(`${fault} is reported before instantiation`, () => {
      const report = inspect(bytes)
      assert.equal(report.tracked, false)
      assert.equal(report.reason, reason)
      assert.equal(report.word, at)
    })

    test(`${fault} is reported of a module whose bytes are shown`, () => {
      const report = inspect(module)
      if (isTold) assert.deepEqual(report, inspect(bytes))
      else assert.equal(report.text, undefined)
    })

    test(`${fault} is the reason that stats counts`, () => {
      install()
      const before = stats().untracked[reason] ?? 0
      const b = new WebAssembly.Global({ value: 'i32' }, 1024)
      const compiled = new WebAssembly.Module(bytes)
      assert.ok(new WebAssembly.Instance(compiled, { a: { b } }))
      const { untracked } = stats()
      assert.equal((untracked[reason] ?? 0) - before, 1)
    })
  }

  test('an address that depends on imports is not judged', () => {
    const text = `(import "a" "b" (global $g i32)) ${OWN}
      (export "${SIGNAL}" (global $g))`
    const { tracked, words, addresses } = inspect(assemble(text))
    assert.equal(tracked, true)
    assert.deepEqual(words, [SIGNAL])
    assert.deepEqual(addresses, {})
  })

  test('an address beyond the minimum of an imported memory may be valid', () => {
    assert.equal(inspect(assemble(IMPORTED + word(65536))).tracked, true)
  })

  test('the sentence is more exact than the code', () => {
    const none = inspect(assemble(word(1024)))
    const hidden = inspect(assemble(`(memory 1) ${word(1024)}`))
    assert.equal(none.reason, hidden.reason)
    assert.equal(none.text, 'it has words, but no memory')
    assert.match(hidden.text, /neither imports nor exports its memory 0/)
    assert.equal(inspect(guest()).text, 'its instances can be tracked')
  })
})

describe('addresses', () => {
  test('all three words have an address', () => {
    const words = ['signal', 'terminated', 'pending']
    assert.deepEqual(inspect(guest({ words })).addresses, {
      [SIGNAL]: 1024,
      [TERMINATED]: 1032,
      [PENDING]: 1040
    })
  })

  test('a module without words has none', () => {
    assert.deepEqual(inspect(guest({ words: [] })).addresses, {})
  })

  test('a mutable word has none', () => {
    const bytes = assemble(
      `${OWN} (global (export "${SIGNAL}") (mut i32) (i32.const 1024))`
    )
    assert.deepEqual(inspect(bytes).addresses, {})
  })

  test('they are unsigned', () => {
    const { addresses } = inspect(assemble(IMPORTED + word(-16)))
    assert.deepEqual(addresses, { [SIGNAL]: 0xfffffff0 })
  })

  const added = assemble(`${OWN} (global (export "${SIGNAL}") i32
    (i32.add (i32.const 1000) (i32.const 24)))`)
  test('a constant expression is evaluated', unless(added), () => {
    assert.deepEqual(inspect(added).addresses, { [SIGNAL]: 1024 })
  })

  const wide = (value) =>
    assemble(
      '(memory (import "a" "b") i64 1)' + word(`${value}`, SIGNAL, 'i64')
    )
  for (const value of [1024n, 2n ** 53n, 2n ** 53n + 8n, 2n ** 64n - 8n]) {
    const bytes = wide(value)
    test(`${value} in a 64-bit memory is exact`, unless(bytes), () => {
      const address = inspect(bytes).addresses[SIGNAL]
      assert.equal(BigInt(address), value)
      assert.equal(typeof address, value > 2n ** 53n ? 'bigint' : 'number')
    })
  }
})

describe('memory 0', () => {
  const own = { from: 'export', name: 'memory' }
  const imported = { from: 'import', module: 'env', name: 'memory' }
  const TYPES = {
    'an own memory': [
      OWN,
      { ...own, shared: false, addressType: 'i32', minimum: 1 }
    ],
    'an imported memory': [
      IMPORTED,
      { ...imported, shared: false, addressType: 'i32', minimum: 1 }
    ],
    'an imported shared memory': [
      SHARED,
      { ...imported, shared: true, addressType: 'i32', minimum: 1, maximum: 16 }
    ],
    'an own shared memory': [
      OWN_SHARED,
      { ...own, shared: true, addressType: 'i32', minimum: 1, maximum: 16 }
    ],
    'a memory with nothing in it': [
      '(memory (export "memory") 0 0)',
      { ...own, shared: false, addressType: 'i32', minimum: 0, maximum: 0 }
    ],
    'a 64-bit memory': [
      '(memory (export "memory") i64 2 3)',
      { ...own, shared: false, addressType: 'i64', minimum: 2, maximum: 3 }
    ],
    'a memory that is imported and exported': [
      '(memory (export "also") (import "env" "memory") 1)',
      { ...imported, shared: false, addressType: 'i32', minimum: 1 }
    ],
    'a memory without import or export': ['(memory 1)', undefined],
    'no memory': [NONE, undefined]
  }
  for (const [name, [text, memory]] of Object.entries(TYPES)) {
    const bytes = assemble(text)
    test(`${name} is described`, unless(bytes), () => {
      assert.deepEqual(inspect(bytes).memory, memory)
    })
  }

  const NAMES = {
    'no characters': ['', ''],
    'a NUL': ['a\\00b', 'a\0b'],
    'a byte order mark': ['\\ef\\bb\\bfname \\e2\\82\\ac', '\ufeffname €'],
    'characters outside of the BMP': ['\\f0\\9f\\90\\a2', '🐢']
  }
  for (const [what, [written, name]] of Object.entries(NAMES)) {
    test(`a name of ${what} is reported as by the engine`, () => {
      const exporting = assemble(`(memory (export "${written}") 1)`)
      assert.equal(inspect(exporting).memory.name, name)
      const importing = assemble(`(import "${written}" "m" (memory 1))`)
      assert.equal(inspect(importing).memory.module, name)
      const [exported] = WebAssembly.Module.exports(
        new WebAssembly.Module(exporting)
      )
      assert.equal(inspect(exporting).memory.name, exported.name)
    })
  }
})

test('bytes that the engine refuses are an error, whatever the reader reports', () => {
  const bytes = assemble(`${OWN} ${word(1024)} (func (result i32))`)
  assert.throws(() => inspect(bytes), WebAssembly.CompileError)
})

/** Its section 14 is that of a proposal (stringref), and empty. */
const NEWER = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[5, 3, 1, 0, 1], // a memory
  ...[14, 2, 0, 0],
  ...[6, 7, 1, 0x7f, 0, 0x41, 0x80, 8, 0x0b], // an i32 that is 1024
  ...[7, 25, 2, 1, 0x6d, 2, 0, 17, ...new TextEncoder().encode(SIGNAL), 3, 0]
])

test('of a module newer than the reader, the report shows what the engine shows', (t) => {
  try {
    setFlagsFromString('--experimental-wasm-stringref')
  } catch {
    // not V8
  }
  if (!WebAssembly.validate(NEWER)) return t.skip('the engine refuses it')
  const report = {
    tracked: true,
    words: [SIGNAL],
    memory: { from: 'export', name: 'm' }
  }
  assert.deepEqual(inspect(NEWER), report)
})

const text = (string) => new TextEncoder().encode(string)
const REFUSED = {
  'text of a module': [text('(module)'), /; it is not .* text format: compile/],
  'text of something else': [text('hello, world'), /; it is not .*, but text$/],
  'an empty file': [new Uint8Array(0), /; it is not .*, but an empty file$/],
  'a component': [
    new Uint8Array([0, 97, 115, 109, 13, 0, 1, 0]),
    /; it is a component, not a core module$/
  ],
  'compact imports': [
    new Uint8Array([
      ...[0, 97, 115, 109, 1, 0, 0, 0],
      ...[2, 6, 1, 1, 0x61, 0, 0x7f, 0]
    ]),
    /; it uses something newer than wasmsig: expected the kind of an import/
  ],
  'half a module': [
    new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1]),
    /; it ends too early/
  ]
}
for (const [what, [bytes, message]] of Object.entries(REFUSED)) {
  test(`the engine's error names what it is: ${what}`, (t) => {
    if (WebAssembly.validate(bytes)) return t.skip('the engine takes it')
    assert.throws(() => inspect(bytes), { name: 'CompileError', message })
  })
}

test('with WASMSIG=off the report shows what the engine shows', async () => {
  const env = { WASMSIG: 'off' }
  const { stdout, stderr } = await run('inspect-off.mjs', { env })
  assert.equal(stderr, '')
  const [ofBytes, ofModule] = JSON.parse(stdout)
  const memory = { from: 'export', name: 'memory' }
  assert.deepEqual(ofBytes, { tracked: true, words: [SIGNAL], memory })
  assert.deepEqual(ofModule.words, [SIGNAL])
})
