// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Modules with a 64-bit memory: their addresses are i64 globals. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import initialise from 'wabt'
import { install, raise, stats, uninstall } from 'wasmsig'

const wabt = await initialise()

function assemble(text) {
  const features = { memory64: true, threads: true, multi_memory: true }
  const module = wabt.parseWat('wide.wat', `(module ${text})`, features)
  try {
    return new Uint8Array(module.toBinary({}).buffer)
  } finally {
    module.destroy()
  }
}

const word = (value, type = 'i64', name = 'signal') =>
  `(global (export "__instance_${name}") ${type} (${type}.const ${value}))`
const WIDE = '(memory (export "memory") i64 1)'

const skip =
  !WebAssembly.validate(assemble(WIDE)) && 'the engine has no 64-bit memories'

const make = (text, imports) =>
  new WebAssembly.Instance(new WebAssembly.Module(assemble(text)), imports)
const counted = (reason) => stats().untracked[reason] ?? 0
const first = (memory) => new Uint32Array(memory.buffer)[256]

afterEach(() => {
  uninstall()
})

test(
  'a module with a 64-bit memory is signalled through its i64 address',
  { skip },
  () => {
    install()
    const data = '(data (i64.const 1024) "\\ff\\ff\\00\\00")'
    const instance = make(WIDE + word(1024) + data)
    assert.equal(first(instance.exports.memory), 0)
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(first(instance.exports.memory), 2)
  }
)

test('an imported 64-bit memory is signalled', { skip }, () => {
  install()
  const { memory } = make(WIDE).exports
  const instance = make('(memory (import "a" "b") i64 1)' + word(1024), {
    a: { b: memory }
  })
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(first(memory), 2)
})

const SHARED_WIDE = '(memory (export "memory") i64 1 2 shared)'
test(
  'a shared 64-bit memory is signalled',
  { skip: skip || !WebAssembly.validate(assemble(SHARED_WIDE)) },
  () => {
    install()
    const instance = make(SHARED_WIDE + word(1024))
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(first(instance.exports.memory), 2)
  }
)

test(
  'a signal reaches its word after a 64-bit memory has grown',
  { skip },
  () => {
    install()
    const instance = make(WIDE + word(1024))
    const { memory } = instance.exports
    try {
      memory.grow(300n)
    } catch {
      memory.grow(300) // V8 12 counts in numbers
    }
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(first(instance.exports.memory), 2)
  }
)

const UNTRACKED = [
  ['an i32 address', WIDE + word(1024, 'i32'), 'not-an-address'],
  [
    'an i32 address beside an i64 one',
    WIDE + word(1024) + word(1032, 'i32', 'terminated'),
    'not-an-address'
  ],
  ['an address behind the memory', WIDE + word(65536), 'out-of-range'],
  ['an address at 4 GiB', WIDE + word('0x100000000'), 'out-of-range'],
  ['an address at 2 ** 53', WIDE + word('0x20000000000000'), 'out-of-range'],
  ['the highest aligned address', WIDE + word(-4), 'out-of-range'],
  ['an odd address', WIDE + word(1025), 'misaligned'],
  ['the highest address', WIDE + word(-1), 'out-of-range']
]
for (const [name, text, reason] of UNTRACKED) {
  test(
    `a 64-bit memory with ${name} runs untracked: ${reason}`,
    { skip },
    () => {
      install()
      const before = counted(reason)
      const instance = make(text)
      assert.equal(raise('SIGINT', instance), 0)
      assert.equal(counted(reason), before + 1)
      const bytes = new Uint8Array(instance.exports.memory.buffer)
      assert.ok(bytes.every((byte) => byte === 0))
    }
  )
}

test('a 32-bit memory with an i64 address runs untracked: not-an-address', () => {
  install()
  const before = counted('not-an-address')
  const instance = make('(memory (export "memory") 1)' + word(1024))
  assert.equal(raise('SIGINT', instance), 0)
  assert.equal(counted('not-an-address'), before + 1)
})

const V128 =
  '(memory (export "memory") 1) (global (export "__instance_signal") v128 (v128.const i32x4 1024 0 0 0))'
test('a v128 global is not an address', () => {
  install()
  const before = counted('not-an-address')
  const instance = make(V128)
  assert.equal(raise('SIGINT', instance), 0)
  assert.equal(counted('not-an-address'), before + 1)
})
