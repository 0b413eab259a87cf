// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Instances are tracked however they are made; what their words hold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, raise, stats } from 'wasmsig'
import {
  IMPORTED,
  assemble,
  guest,
  instantiate,
  read,
  write
} from './support/guests.mjs'

install()

const WAYS = {
  'new WebAssembly.Instance': () => instantiate(),
  'WebAssembly.instantiate(bytes)': async () =>
    (await WebAssembly.instantiate(guest())).instance,
  'WebAssembly.instantiate(buffer)': async () =>
    (await WebAssembly.instantiate(guest().slice().buffer)).instance,
  'WebAssembly.instantiate(module)': async () =>
    await WebAssembly.instantiate(new WebAssembly.Module(guest())),
  'WebAssembly.instantiate(await compile)': async () =>
    await WebAssembly.instantiate(await WebAssembly.compile(guest())),
  'WebAssembly.instantiateStreaming': async () => {
    const headers = { 'content-type': 'application/wasm' }
    const response = new Response(guest(), { headers })
    return (await WebAssembly.instantiateStreaming(response)).instance
  }
}

/** These hosts do not show the bytes of a stream; see memory-zero.test.mjs. */
const hidden = Boolean(process.versions.deno ?? process.versions.bun)

for (const [way, make] of Object.entries(WAYS)) {
  const skip = hidden && way.endsWith('Streaming') && 'the bytes are not seen'

  test(`an instance made by ${way} is tracked`, { skip }, async () => {
    const instance = await make()
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(instance, 'signal'), 2)
  })

  test(`${way} sets the signal word to 0`, { skip }, async () => {
    const instance = await make()
    assert.equal(read(instance, 'signal'), 0)
  })
}

test('WebAssembly.instantiate(bytes) returns the module too', async () => {
  const { module, instance } = await WebAssembly.instantiate(guest())
  const second = new WebAssembly.Instance(module)
  assert.equal(raise('SIGINT', [instance, second]), 2)
})

test('a guest that polls receives the signal', () => {
  const instance = instantiate()
  raise('SIGUSR1', instance)
  assert.equal(instance.exports.spin(), 10)
})

test('a second signal replaces the first', () => {
  const instance = instantiate()
  raise('SIGINT', instance)
  raise('SIGTERM', instance)
  assert.equal(read(instance, 'signal'), 15)
})

test('an acknowledged signal can be raised again', () => {
  const instance = instantiate()
  raise('SIGINT', instance)
  assert.equal(instance.exports.answer(1), 2)
  assert.equal(read(instance, 'signal'), 0)
  raise('SIGINT', instance)
  assert.equal(instance.exports.answer(1), 2)
})

test('the pending set is 0 at the start', () => {
  const instance = instantiate({ words: ['signal', 'pending'] })
  assert.equal(read(instance, 'pending'), 0n)
})

test('each raise ORs its bit into the pending set', () => {
  const instance = instantiate({ words: ['signal', 'pending'] })
  raise('SIGINT', instance)
  raise('SIGXCPU', instance)
  raise(64, instance)
  raise('SIGINT', instance)
  const bits = (1n << 1n) | (1n << 23n) | (1n << 63n)
  assert.equal(read(instance, 'pending'), bits)
  assert.equal(read(instance, 'signal'), 2)
})

test('the terminated word is not changed', () => {
  const words = ['signal', 'terminated']
  const alive = instantiate({ words })
  const dead = instantiate({ words, dead: true })
  assert.equal(read(alive, 'terminated'), 0)
  assert.equal(read(dead, 'terminated'), 1)
})

test('an instance that is terminated from the start receives nothing', () => {
  const words = ['signal', 'terminated', 'pending']
  const instance = instantiate({ words, dead: true })
  assert.equal(raise('SIGINT', instance), 0)
  assert.equal(read(instance, 'signal'), 0)
  assert.equal(read(instance, 'pending'), 0n)
})

test('an instance that terminates itself later receives nothing more', () => {
  const instance = instantiate({ words: ['signal', 'terminated'] })
  assert.equal(raise('SIGINT', instance), 1)
  write(instance, 'terminated', 0x80000000)
  assert.equal(raise('SIGTERM', instance), 0)
  assert.equal(read(instance, 'signal'), 2)
  assert.equal(read(instance, 'terminated'), 0x80000000)
})

test('an instance with only a terminated word receives no signal', () => {
  const before = stats().tracked.FIXED
  const instance = instantiate({ words: ['terminated'] })
  assert.equal(stats().tracked.FIXED, before + 1)
  assert.equal(raise('SIGINT', instance), 0)
})

test('a module without words is not tracked', () => {
  const before = stats()
  const instance = instantiate({ words: [] })
  assert.equal(raise('SIGINT', instance), 0)
  assert.deepEqual(stats(), before)
})

test('only the bytes of the words change', () => {
  const instance = instantiate({ words: ['signal', 'pending'] })
  const plain = new WebAssembly.Memory({ initial: 1 })
  new Uint32Array(plain.buffer)[1024 / 4] = 24
  new BigUint64Array(plain.buffer)[1040 / 8] = 1n << 23n
  raise('SIGXCPU', instance)
  const { memory } = instance.exports
  assert.equal(
    Buffer.compare(Buffer.from(memory.buffer), Buffer.from(plain.buffer)),
    0
  )
})

test('a signal reaches its word after the memory has grown', () => {
  const instance = instantiate()
  instance.exports.memory.grow(200)
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(read(instance, 'signal'), 2)
})

test('a word may be in the last bytes of the memory', () => {
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(
      assemble(`(module (memory (export "memory") 1)
        (global (export "__instance_signal") i32 (i32.const 65532)))`)
    )
  )
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(new Uint32Array(instance.exports.memory.buffer)[16383], 2)
})

test('a word may be at address 0', () => {
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(
      assemble(`(module (memory (export "memory") 1)
        (global (export "__instance_signal") i32 (i32.const 0)))`)
    )
  )
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(new Uint32Array(instance.exports.memory.buffer)[0], 2)
})

test('an address may be an imported immutable global', () => {
  const text = `(module (global (import "env" "at") i32)
    (memory (export "memory") 1)
    (export "__instance_signal" (global 0)))`
  const module = new WebAssembly.Module(assemble(text))
  const instance = new WebAssembly.Instance(module, { env: { at: 2048 } })
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(new Uint32Array(instance.exports.memory.buffer)[512], 2)
})

test('instances of one module are signalled separately', () => {
  const module = new WebAssembly.Module(guest())
  const first = new WebAssembly.Instance(module)
  const second = new WebAssembly.Instance(module)
  raise('SIGINT', second)
  assert.equal(read(first, 'signal'), 0)
  assert.equal(read(second, 'signal'), 2)
})

test('a start function that throws leaves nothing tracked', () => {
  const before = stats()
  const memory = new WebAssembly.Memory({ initial: 1 })
  const code = '(func $stop unreachable) (start $stop)'
  const options = { memory: IMPORTED, code }
  assert.throws(
    () => instantiate(options, { env: { memory } }),
    WebAssembly.RuntimeError
  )
  assert.equal(read(memory, 'signal'), 0xffff)
  assert.deepEqual(stats(), before)
})
