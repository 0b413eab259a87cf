// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Memory 0 is known exactly, or the module runs untracked. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { install, raise, stats, uninstall } from 'wasmsig'
import { assemble } from './support/guests.mjs'
import { run } from './support/child.mjs'

const word = '(global (export "__instance_signal") i32 (i32.const 1024))'
const ONE = assemble(`(module (memory (export "memory") 1) ${word})`)
const SECOND_FIRST = assemble(`(module (memory 1) (memory 1) ${word}
  (export "second" (memory 1)) (export "memory" (memory 0)))`)
const ONLY_SECOND = assemble(`(module (memory 1) (memory 1) ${word}
  (export "memory" (memory 1)))`)
const NAMED = assemble(`(module (memory 1) (memory 1) ${word}

  (export "\\ef\\bb\\bfname \\e2\\82\\ac" (memory 0)) (export "m" (memory 1)))`)
const IMPORTED = assemble(`(module (import "a" "b" (memory 1))
  (import "a" "c" (memory 1)) ${word} (export "memory" (memory 1)))`)

const severalMemories = WebAssembly.validate(SECOND_FIRST)
const skip = !severalMemories && 'the engine has no multi-memory'

/**
 * Other hosts show no bytes: only those that pass through the shim are known.
 */
const isNode = !(process.versions.deno ?? process.versions.bun)
const shown = isNode ? 1 : 0

const headers = { 'content-type': 'application/wasm' }

afterEach(() => {
  uninstall()
})

const first = (memory) => new Uint32Array(memory.buffer)[256]

/** Ways to a module whose bytes do not pass through the shim. */
const UNSEEN = {
  'compiled before the install': (bytes) => {
    const module = new WebAssembly.Module(bytes)
    install()
    return new WebAssembly.Instance(module)
  },
  'that came in a message': (bytes) => {
    install()
    const { port1, port2 } = new MessageChannel()
    uninstall()
    port1.postMessage(new WebAssembly.Module(bytes))
    install()
    const { message } = receiveMessageOnPort(port2)
    port1.close()
    return new WebAssembly.Instance(message)
  },
  'that was cloned': (bytes) => {
    const module = structuredClone(new WebAssembly.Module(bytes))
    install()
    return WebAssembly.instantiate(module)
  },
  'compiled from a stream': async (bytes) => {
    install()
    const response = new Response(bytes, { headers })
    const module = await WebAssembly.compileStreaming(response)
    return new WebAssembly.Instance(module)
  },
  'instantiated from a stream': async (bytes) => {
    install()
    const response = new Response(bytes, { headers })
    return (await WebAssembly.instantiateStreaming(response)).instance
  }
}

for (const [way, make] of Object.entries(UNSEEN)) {
  test(`a module ${way} is tracked if the engine shows its bytes`, async () => {
    const reason = stats().untracked['several-memories'] ?? 0
    const instance = await make(ONE)
    const known = severalMemories ? shown : 1
    assert.equal(raise('SIGINT', instance), known)
    assert.equal(first(instance.exports.memory), known ? 2 : 0)
    const { untracked } = stats()
    assert.equal((untracked['several-memories'] ?? 0) - reason, known ? 0 : 1)
  })

  test(
    `of a module ${way} the right one of two memories is written`,
    { skip },
    async () => {
      const instance = await make(SECOND_FIRST)
      assert.equal(raise('SIGINT', instance), shown)
      assert.equal(first(instance.exports.memory), shown ? 2 : 0)
      assert.equal(first(instance.exports.second), 0)
    }
  )

  test(
    `of a module ${way} a memory 0 that is not exported is not guessed`,
    { skip },
    async () => {
      const instance = await make(ONLY_SECOND)
      assert.equal(raise('SIGINT', instance), 0)
      assert.equal(first(instance.exports.memory), 0)
    }
  )
}

const COMPILE = {
  'new Module': (bytes) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes)),
  compile: async (bytes) =>
    new WebAssembly.Instance(await WebAssembly.compile(bytes)),
  instantiate: async (bytes) => (await WebAssembly.instantiate(bytes)).instance
}
for (const [way, make] of Object.entries(COMPILE)) {
  test(
    `${way} with the shim finds which of two memories is memory 0`,
    { skip },
    async () => {
      install()
      const instance = await make(SECOND_FIRST)
      assert.equal(raise('SIGINT', instance), 1)
      assert.equal(first(instance.exports.memory), 2)
      assert.equal(first(instance.exports.second), 0)
      assert.equal(raise('SIGINT', await make(ONLY_SECOND)), 0)
    }
  )

  test(
    `${way} with the shim finds memory 0 by any name`,
    { skip },
    async () => {
      install()
      const instance = await make(NAMED)
      assert.equal(raise('SIGINT', instance), 1)
      assert.equal(first(instance.exports['\ufeffname €']), 2)
      assert.equal(first(instance.exports.m), 0)
    }
  )
}

/**
 * Sections and names that are longer than the chunks in which bytes are read.
 */
const functions = Array.from(
  { length: 9000 },
  (_, i) => `(func (export "${'f'.repeat(i % 7)}${i}"))`
)
const longName = 'memory'.repeat(3000)
const LONG = assemble(`(module (memory 1) (memory 1) ${word}
  (export "second" (memory 1)) ${functions.join('')}
  (export "${longName}" (memory 0)))`)
const READ = {
  'as the engine shows them': UNSEEN['compiled before the install'],
  'as they are compiled': COMPILE.instantiate
}
for (const [way, make] of Object.entries(READ)) {
  test(
    `bytes ${way} are read behind long sections and names`,
    { skip },
    async () => {
      const expected = make === COMPILE.instantiate ? 1 : shown
      if (make === COMPILE.instantiate) install()
      const instance = await make(LONG)
      assert.equal(raise('SIGINT', instance), expected)
      assert.equal(first(instance.exports[longName]), expected ? 2 : 0)
      assert.equal(first(instance.exports.second), 0)
    }
  )
}

test('the first memory that a module imports is memory 0', { skip }, () => {
  install()
  const b = new WebAssembly.Memory({ initial: 1 })
  const c = new WebAssembly.Memory({ initial: 1 })
  const module = new WebAssembly.Module(IMPORTED)
  const instance = new WebAssembly.Instance(module, { a: { b, c } })
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(first(b), 2)
  assert.equal(first(c), 0)
})

test('of two imports of one name, the first read is memory 0', { skip }, () => {
  install()
  const twice = assemble(`(module (import "a" "b" (memory 1))
    (import "a" "b" (memory 1)) ${word})`)
  const memories = [1, 2].map(() => new WebAssembly.Memory({ initial: 1 }))
  let reads = 0
  const a = {
    get b() {
      return memories[reads++]
    }
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(twice), {
    a
  })
  assert.equal(reads, 2)
  assert.equal(raise('SIGINT', instance), 1)
  assert.deepEqual(memories.map(first), [2, 0])
})

/** Imports of memory 0 whose name the engine also reads for another import. */
const READ_TWICE = {
  'a global before it': `(import "a" "b" (global externref))
    (import "a" "b" (memory 1))`,
  'a global after it': `(import "a" "b" (memory 1))
    (import "a" "b" (global externref))`,
  'globals of other names around it': `(import "a" "c" (global externref))
    (import "a" "b" (global externref)) (import "a" "b" (memory 1))
    (import "x" "b" (global externref))`
}
const MAKE = {
  'new Instance': (bytes, imports) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
  'instantiate(bytes)': async (bytes, imports) =>
    (await WebAssembly.instantiate(bytes, imports)).instance,
  'instantiate(module)': (bytes, imports) =>
    WebAssembly.instantiate(new WebAssembly.Module(bytes), imports)
}
for (const [way, text] of Object.entries(READ_TWICE)) {
  const bytes = assemble(`(module ${text} ${word}
    (func (export "own") (result i32) (i32.load (i32.const 1024))))`)
  for (const [form, make] of Object.entries(MAKE)) {
    test(`${form}: ${way} has its name and another memory, which is not written`, async () => {
      install()
      const given = []
      const memoryAnew = () => {
        const memory = new WebAssembly.Memory({ initial: 1 })
        new Uint32Array(memory.buffer)[256] = 7
        given.push(memory)
        return memory
      }
      const names = {
        get b() {
          return memoryAnew()
        },
        get c() {
          return memoryAnew()
        }
      }
      const instance = await make(bytes, { a: names, x: names })
      assert.equal(given.length, text.match(/import/g).length)
      assert.equal(raise('SIGINT', instance), 1)
      assert.equal(instance.exports.own(), 2)
      const written = given.filter((memory) => first(memory) !== 7)
      assert.equal(written.length, 1)
    })
  }
}

test(
  'bytes that another thread may change are not trusted',
  { skip },
  async () => {
    install()
    const shared = new Uint8Array(new SharedArrayBuffer(ONE.length))
    shared.set(ONE)
    try {
      const { instance } = await WebAssembly.instantiate(shared)
      assert.equal(raise('SIGINT', instance), shown)
    } catch (error) {
      assert.ok(error instanceof TypeError) // the engine refuses such bytes
    }
  }
)

const noWorker = process.versions.deno && 'such a program does not end there'
test(
  'a module that a worker received in a message is tracked there',
  { skip: noWorker },
  async () => {
    const { stdout, stderr, status } = await run('module-in-worker.mjs')
    assert.equal(stderr, '')
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(stdout), {
      received: severalMemories ? shown : 1
    })
  }
)

test(
  'modules whose bytes were read are collected',
  { skip: skip || (!globalThis.gc && 'no --expose-gc') },
  async () => {
    install()
    const gone = new WeakRef(
      new WebAssembly.Instance(new WebAssembly.Module(ONE))
    )
    const module = new WeakRef(new WebAssembly.Module(SECOND_FIRST))
    new WebAssembly.Instance(module.deref())
    for (let i = 0; i < 50 && module.deref(); i += 1) {
      await new Promise(setImmediate)
      globalThis.gc()
    }
    assert.equal(module.deref(), undefined)
    assert.equal(gone.deref(), undefined)
  }
)
