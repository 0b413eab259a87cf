// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Every error is the engine's own, at the same place, with the same text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IMPORTED, assemble, guest } from './support/guests.mjs'
import { run } from './support/child.mjs'
import { bothWays, ending } from './support/parity.mjs'

const bytes = guest()
const module = new WebAssembly.Module(bytes)
const importingBytes = guest({ memory: IMPORTED })
const importing = new WebAssembly.Module(importingBytes)
const imports = { env: { memory: new WebAssembly.Memory({ initial: 1 }) } }

const trapping = assemble('(module (func $stop unreachable) (start $stop))')
const callingBack = assemble(`(module (func $back (import "env" "back"))
  (memory (export "memory") 1) (start $back)
  (global (export "__instance_signal") i32 (i32.const 1024)))`)
const outside = assemble(`(module (memory (export "memory") 1)
  (data (i32.const 65535) "ab")
  (global (export "__instance_signal") i32 (i32.const 1024)))`)

const theirError = new (class TheirError extends Error {})('theirs')
const throwIt = () => {
  throw theirError
}
const throwingInner = {
  env: {
    get memory() {
      return throwIt()
    }
  }
}
const throwingOuter = {
  get env() {
    return throwIt()
  }
}
const throwingProxy = new Proxy({}, { get: throwIt })
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const detached = () => {
  const { buffer } = guest().slice()
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}

/** Imports without a memory. */
const BAD_IMPORTS = {
  none: undefined,
  null: null,
  'a number': 5,
  'a string': 'env',
  'a symbol': Symbol('env'),
  'a function without env': () => {},
  'an empty object': {},
  'env undefined': { env: undefined },
  'env null': { env: null },
  'env a string': { env: 'memory' },
  'env empty': { env: {} },
  'a memory that is none': { env: { memory: {} } },
  'a buffer for a memory': { env: { memory: new ArrayBuffer(65536) } },
  'a fake memory': {
    env: { memory: Object.create(WebAssembly.Memory.prototype) }
  },
  'a memory that is too small': {
    env: { memory: new WebAssembly.Memory({ initial: 0 }) }
  },
  'a getter that throws': throwingInner,
  'an outer getter that throws': throwingOuter,
  'a proxy that throws': throwingProxy,
  'a revoked proxy': revoked()
}

/** Sources that are no module. */
const BAD_SOURCES = {
  nothing: undefined,
  null: null,
  'a number': 5,
  'a string': '\0asm',
  'an object': {},
  'an array': [0, 97, 115, 109],
  'no bytes': new Uint8Array(0),
  'too few bytes': new Uint8Array([0, 97, 115]),
  rubbish: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]),
  'another version': new Uint8Array([0, 97, 115, 109, 2, 0, 0, 0]),
  'half a module': bytes.slice(0, bytes.length >> 1),
  'a module with a byte too much': new Uint8Array([...bytes, 0]),
  'a module that is not valid': new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 3, 2, 1, 9
  ]),
  'a fake module': Object.create(WebAssembly.Module.prototype),
  'a proxy of a module': new Proxy(module, {}),
  'a detached buffer': detached(),
  'a revoked proxy': revoked()
}

const FAILING = {
  'Instance without new': () => WebAssembly.Instance(module),
  'Instance without new, called on an instance': () =>
    WebAssembly.Instance.call(new WebAssembly.Instance(module), module),
  'new Instance without arguments': () => new WebAssembly.Instance(),
  'new Instance of bytes': () => new WebAssembly.Instance(bytes),
  'instantiate without arguments': () => WebAssembly.instantiate(),
  'new instantiate': () => new WebAssembly.instantiate(bytes),
  'a start function that traps, Instance': () =>
    new WebAssembly.Instance(new WebAssembly.Module(trapping)),
  'a start function that traps, instantiate': () =>
    WebAssembly.instantiate(trapping),
  'a start function that throws, Instance': () =>
    new WebAssembly.Instance(new WebAssembly.Module(callingBack), {
      env: { back: throwIt }
    }),
  'a start function that throws, instantiate': () =>
    WebAssembly.instantiate(callingBack, { env: { back: throwIt } }),
  'data outside the memory, Instance': () =>
    new WebAssembly.Instance(new WebAssembly.Module(outside)),
  'data outside the memory, instantiate': () =>
    WebAssembly.instantiate(outside),
  'an instance whose exports are written': () => {
    'use strict'
    new WebAssembly.Instance(module).exports.memory = 1
  },
  'instantiateStreaming without arguments': () =>
    WebAssembly.instantiateStreaming(),
  'instantiateStreaming of a number': () => WebAssembly.instantiateStreaming(5),
  'instantiateStreaming of a promise that is rejected': () =>
    WebAssembly.instantiateStreaming(Promise.reject(theirError)),
  'instantiateStreaming of another type': () =>
    WebAssembly.instantiateStreaming(new Response(bytes)),
  'instantiateStreaming with bad imports': () => {
    const headers = { 'content-type': 'application/wasm' }
    return WebAssembly.instantiateStreaming(
      new Response(importingBytes, { headers }),
      {}
    )
  }
}

for (const [name, value] of Object.entries(BAD_IMPORTS)) {
  FAILING[`new Instance, imports: ${name}`] = () =>
    new WebAssembly.Instance(importing, value)
  FAILING[`instantiate(bytes), imports: ${name}`] = () =>
    WebAssembly.instantiate(importingBytes, value)
  FAILING[`instantiate(module), imports: ${name}`] = () =>
    WebAssembly.instantiate(importing, value)
}
for (const [name, value] of Object.entries(BAD_SOURCES)) {
  FAILING[`instantiate(${name})`] = () => WebAssembly.instantiate(value)
  FAILING[`instantiate(${name}) with imports`] = () =>
    WebAssembly.instantiate(value, imports)
  FAILING[`new Instance(${name})`] = () => new WebAssembly.Instance(value)
}
for (const value of [null, 5, 'env', Symbol('env'), true]) {
  const name = `imports where none are wanted: ${String(value)}`
  FAILING[`new Instance, ${name}`] = () =>
    new WebAssembly.Instance(module, value)
  FAILING[`instantiate(bytes), ${name}`] = () =>
    WebAssembly.instantiate(bytes, value)
}

for (const [name, action] of Object.entries(FAILING)) {
  test(`the same error: ${name}`, async () => {
    const { plain, shimmed } = await bothWays(() => ending(action))
    assert.match(plain.how, /^(threw|rejected)$/)
    assert.deepEqual(shimmed, plain)
  })
}

test("an error of a user's getter passes through unchanged", async () => {
  const { shimmed } = await bothWays(async () => {
    const caught = []
    const keep = (error) => caught.push(error)
    try {
      new WebAssembly.Instance(importing, throwingInner)
    } catch (error) {
      keep(error)
    }
    await WebAssembly.instantiate(importing, throwingInner).catch(keep)
    await WebAssembly.instantiate(importingBytes, throwingOuter).catch(keep)
    return caught
  })
  assert.equal(shimmed.length, 3)
  for (const error of shimmed) assert.equal(error, theirError)
})

const HANDLED = ['bytes', 'module', 'streaming']
for (const source of HANDLED) {
  test(`unhandledRejection is emitted once, with its promise: ${source}`, async () => {
    const plain = await run('rejected.mjs', {
      args: [source, 'plain', 'listen']
    })
    const shimmed = await run('rejected.mjs', {
      args: [source, 'shim', 'listen']
    })
    assert.match(plain.stdout, /^same promise: true, (LinkError|TypeError): /)
    assert.equal(plain.stdout.trim().split('\n').length, 1)
    assert.equal(plain.status, 0)
    assert.deepEqual(shimmed, plain)
  })
}

test('an unhandled rejection ends the process as without the package', async () => {
  const plain = await run('rejected.mjs', { args: ['bytes', 'plain', 'die'] })
  const shimmed = await run('rejected.mjs', { args: ['bytes', 'shim', 'die'] })
  const message = /^.*Error: WebAssembly.*$/m
  assert.equal(plain.status, 1)
  assert.equal(shimmed.status, 1)
  assert.match(plain.stderr, message)
  assert.equal(
    shimmed.stderr.match(message)?.[0],
    plain.stderr.match(message)[0]
  )
})
