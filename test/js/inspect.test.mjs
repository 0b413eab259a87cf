// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What inspect reports of a module comes true for its instances. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import vm from 'node:vm'
import { inspect, install, stats } from 'wasmsig'
import {
  IMPORTED,
  NONE,
  OWN,
  PENDING,
  SHARED,
  SIGNAL,
  TERMINATED,
  assemble,
  guest
} from './support/guests.mjs'
import { TYPE, refused } from './support/refusal.mjs'

/** By name: the bytes, the report. */
const MODULES = {
  'a guest with its own memory': [
    guest(),
    {
      tracked: true,
      words: [SIGNAL],
      memory: { from: 'export', name: 'memory' }
    }
  ],
  'a guest with an imported memory': [
    guest({ memory: IMPORTED }),
    {
      tracked: true,
      words: [SIGNAL],
      memory: { from: 'import', module: 'env', name: 'memory' }
    }
  ],
  'a guest with a shared memory': [
    guest({ memory: SHARED }),
    {
      tracked: true,
      words: [SIGNAL],
      memory: { from: 'import', module: 'env', name: 'memory' }
    }
  ],
  'a guest with all words': [
    guest({ words: ['pending', 'terminated', 'signal'] }),
    {
      tracked: true,
      words: [SIGNAL, TERMINATED, PENDING],
      memory: { from: 'export', name: 'memory' }
    }
  ],
  'a module without words': [
    guest({ words: [] }),
    {
      tracked: false,
      reason: 'no-words',
      words: [],
      memory: { from: 'export', name: 'memory' }
    }
  ],
  'a module without words that imports its memory': [
    guest({ words: [], memory: IMPORTED }),
    {
      tracked: false,
      reason: 'no-words',
      words: [],
      memory: { from: 'import', module: 'env', name: 'memory' }
    }
  ],
  'an empty module': [
    assemble('(module)'),
    { tracked: false, reason: 'no-words', words: [] }
  ],
  'a guest without a memory': [
    guest({ memory: NONE, started: false }),
    { tracked: false, reason: 'no-memory', words: [SIGNAL] }
  ],
  'a module whose word is a function': [
    assemble(`(module ${OWN} (func (export "${SIGNAL}")))`),
    {
      tracked: false,
      reason: 'not-an-address',
      words: [SIGNAL],
      memory: { from: 'export', name: 'memory' }
    }
  ]
}

/** What every host reports; inspect-bytes.test.mjs tests the rest. */
function shown({ tracked, reason, words, memory }) {
  const { from, module, name } = memory ?? {}
  const where = memory && { from, module, name }
  const fields = { tracked, reason, words, memory: where }
  return JSON.parse(JSON.stringify(fields)) // without undefined ones
}

describe('inspect', () => {
  for (const [name, [bytes, report]] of Object.entries(MODULES)) {
    test(`${name}, from its bytes`, () => {
      assert.deepEqual(shown(inspect(bytes)), report)
    })

    test(`${name}, from a module that passed through the shim`, () => {
      install()
      const module = new WebAssembly.Module(bytes)
      assert.deepEqual(shown(inspect(module)), report)
    })
  }

  const SOURCES = {
    'an ArrayBuffer': (bytes) => bytes.slice().buffer,
    'a DataView': (bytes) => new DataView(bytes.slice().buffer),
    'a SharedArrayBuffer': (bytes) => shared(bytes).buffer,
    'a view into a SharedArrayBuffer': shared,
    'a view into something larger': (bytes) => {
      const larger = new Uint8Array(bytes.length + 10)
      larger.set(bytes, 5)
      return larger.subarray(5, 5 + bytes.length)
    },
    'a module of another realm': (bytes) =>
      new (vm.runInNewContext('WebAssembly').Module)(bytes)
  }
  for (const [name, make] of Object.entries(SOURCES)) {
    test(`${name} is accepted`, () => {
      const bytes = guest({ memory: IMPORTED })
      const [, report] = MODULES['a guest with an imported memory']
      assert.deepEqual(shown(inspect(make(bytes))), report)
    })
  }

  test('a guest compiled before the install has the same report', () => {
    install()
    const module = new WebAssembly.Module(guest())
    assert.deepEqual(shown(inspect(module)), shown(inspect(guest())))
  })

  test('memory 0 is reported even if another is exported first', (t) => {
    const text = `(module (memory 1) (memory 1)
      (export "second" (memory 1)) (export "first" (memory 0))
      (global (export "${SIGNAL}") i32 (i32.const 8)))`
    const bytes = assemble(text)
    if (!WebAssembly.validate(bytes)) return t.skip('one memory only')
    const { memory, tracked } = inspect(bytes)
    assert.equal(memory.from, 'export')
    assert.equal(memory.name, 'first')
    assert.equal(tracked, true)
  })

  test('the report of a guest comes true', () => {
    install()
    const { FIXED } = stats().tracked
    assert.equal(inspect(guest()).tracked, true)
    assert.equal(stats().tracked.FIXED, FIXED) // inspecting tracks nothing
    const instance = new WebAssembly.Instance(new WebAssembly.Module(guest()))
    assert.equal(stats().tracked.FIXED, FIXED + 1)
    assert.ok(instance)
  })

  test('bytes that the engine refuses throw its CompileError', () => {
    assert.throws(
      () => inspect(new Uint8Array([0, 0x61])),
      WebAssembly.CompileError
    )
  })

  for (const [name, value] of Object.entries({
    nothing: undefined,
    null: null,
    'a number': 5,
    'an object': {},
    'a fake module': Object.create(WebAssembly.Module.prototype),
    'an array of bytes': [...guest()]
  })) {
    test(`${name} is refused`, () => {
      refused(() => inspect(value), TYPE, /module/)
    })
  }
})

function shared(bytes) {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
