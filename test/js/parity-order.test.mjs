// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Effects that a program can observe, and their order, are the same. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { install, raise, uninstall } from 'wasmsig'
import { IMPORTED, assemble, guest, read } from './support/guests.mjs'
import { run } from './support/child.mjs'
import { bothWays, ending } from './support/parity.mjs'

const { promiseHooks } = await import('node:v8')

const bytes = guest({ memory: IMPORTED })
const module = new WebAssembly.Module(bytes)
const newMemory = () => new WebAssembly.Memory({ initial: 1 })
const headers = { 'content-type': 'application/wasm' }

const INSTANTIATE = {
  bytes: (imports) => WebAssembly.instantiate(bytes, imports),
  module: (imports) => WebAssembly.instantiate(module, imports),
  streaming: (imports) =>
    WebAssembly.instantiateStreaming(new Response(bytes, { headers }), imports)
}

afterEach(() => {
  uninstall()
})

/** A view of `object` that records every operation on it. */
function spy(object, path, trace) {
  const handler = {}
  for (const trap of Reflect.ownKeys(Reflect)) {
    if (typeof Reflect[trap] !== 'function') continue
    handler[trap] = (target, ...args) => {
      const key = typeof args[0] === 'object' ? '' : String(args[0] ?? '')
      trace.push(`${trap} ${path}.${key}`)
      const value = Reflect[trap](target, ...args)
      return typeof value === 'object' && path === 'imports'
        ? spy(value, `${path}.${key}`, trace)
        : value
    }
  }
  return new Proxy(object, handler)
}

/** Imports that record what happens to them. */
function spiedImports(trace) {
  return spy({ env: { memory: newMemory() } }, 'imports', trace)
}

test('new Instance reads the imports in the same way', async () => {
  const { plain, shimmed } = await bothWays(() => {
    const trace = []
    new WebAssembly.Instance(module, spiedImports(trace))
    return trace
  })
  assert.deepEqual(plain, ['get imports.env', 'get imports.env.memory'])
  assert.deepEqual(shimmed, plain)
})

for (const [form, make] of Object.entries(INSTANTIATE)) {
  test(`instantiate (${form}) reads the imports in the same way, at the same time`, async () => {
    const { plain, shimmed } = await bothWays(async () => {
      const trace = []
      const promise = make(spiedImports(trace))
      trace.push('returned')
      queueMicrotask(() => trace.push('microtask'))
      await promise
      return trace
    })
    assert.ok(plain.includes('get imports.env.memory'))
    assert.deepEqual(shimmed, plain)
  })

  test(`instantiate (${form}) calls no then of the user's`, async () => {
    const { plain, shimmed } = await bothWays(async () => {
      const { then } = Promise.prototype
      let calls = 0
      const done = new Promise((resolve) => {
        Promise.prototype.then = function (...args) {
          calls += 1
          return Reflect.apply(then, this, args)
        }
        const promise = make({ env: { memory: newMemory() } })
        Promise.prototype.then = then
        Reflect.apply(then, promise, [resolve])
      })
      await done
      return calls
    })
    assert.equal(shimmed, plain)
  })
}

test('no property is read of a source that is no module', async () => {
  const { plain, shimmed } = await bothWays(async () => {
    const trace = []
    for (const source of [{}, () => {}, new WebAssembly.Module(guest())]) {
      const spied = spy(source, 'source', trace)
      await ending(() => WebAssembly.instantiate(spied))
      await ending(() => new WebAssembly.Instance(spied))
    }
    return trace
  })
  assert.deepEqual(shimmed, plain)
})

/** Deno and Bun do not report when they settle a promise: ours is derived. */
const DERIVED = Boolean(process.versions.deno ?? process.versions.bun)
const LATER = { todo: DERIVED && 'it is one microtask later' }

/** Nor does Node 18 for promises that are settled after they are returned. */
const isNode18 = process.version.startsWith('v18.')

/** In processes of their own: the hook that install() sets stays set. */
test(
  'promises are settled after the same number of microtasks, in the same order',
  LATER,
  async () => {
    const plain = await run('turns.mjs')
    const shimmed = await run('turns.mjs', { args: ['shim'] })
    assert.equal(shimmed.stderr, '')
    const expected = JSON.parse(plain.stdout)
    assert.ok(expected.module)
    assert.deepEqual(JSON.parse(shimmed.stdout), expected)
  }
)

/** How many promises are created while `action` runs. */
function promisesMadeBy(action) {
  const made = []
  const stop = promiseHooks.onInit((promise) => made.push(promise))
  const promise = action()
  stop()
  assert.ok(made.includes(promise) || made.length === 0)
  return { promise, count: made.length }
}

for (const [form, make] of Object.entries(INSTANTIATE)) {
  const derived = DERIVED || (isNode18 && form !== 'module')
  test(
    `instantiate (${form}) returns the engine's own promise, and creates no other`,
    {
      skip: !promiseHooks && 'the host has no promise hooks',
      todo: derived && 'it is a promise derived from it'
    },
    async () => {
      const imports = { env: { memory: newMemory() } }
      const { plain, shimmed } = await bothWays(async () => {
        const { promise, count } = promisesMadeBy(() => make(imports))
        await promise
        return count
      })
      assert.equal(shimmed, plain)
    }
  )

  test(
    `instantiate (${form}) reads the then of its result as often`,
    { todo: derived && 'a derived promise reads it twice' },
    async () => {
      const { plain, shimmed } = await bothWays(async () => {
        let looks = 0
        function get() {
          const ours = Object.hasOwn(this, 'instance')
          if (ours || this instanceof WebAssembly.Instance) looks += 1
        }
        const promise = make({ env: { memory: newMemory() } })
        Object.defineProperty(Object.prototype, 'then', {
          get,
          configurable: true
        })
        try {
          await promise
        } finally {
          delete Object.prototype.then
        }
        return looks
      })
      assert.equal(shimmed, plain)
    }
  )

  test(`an instance of instantiate (${form}) is tracked before the program receives it`, async () => {
    install()
    const memory = newMemory()
    await make({ env: { memory } }).then(
      () => assert.equal(read(memory, 'signal'), 0),
      assert.fail
    )
  })
}

test('several instantiations are settled in the same order', async () => {
  const { plain, shimmed } = await bothWays(async () => {
    const order = []
    const imports = { env: { memory: newMemory() } }
    await Promise.all([
      WebAssembly.instantiate(module, imports).then(() => order.push('a')),
      WebAssembly.instantiate(module, imports).then(() => order.push('b')),
      WebAssembly.instantiate(module).catch(() => order.push('c'))
    ])
    return order
  })
  assert.equal(plain.length, 3)
  assert.deepEqual(shimmed, plain)
})

test('bytes that are overwritten after the call have no effect', async () => {
  install()
  const source = guest()
  const promise = WebAssembly.instantiate(source)
  source.fill(0)
  const { instance } = await promise
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(read(instance, 'signal'), 2)
})

test('a view of a part of a buffer is read as that part', async () => {
  install()
  const inner = guest()
  const outer = new Uint8Array(inner.length + 20).fill(0xff)
  outer.set(inner, 10)
  const view = outer.subarray(10, 10 + inner.length)
  const { instance } = await WebAssembly.instantiate(view)
  assert.equal(raise('SIGINT', instance), 1)
})

test('the start function runs once, and before the words are touched', () => {
  install()
  const memory = newMemory()
  const seen = []
  const text = `(module (func $start (import "env" "start"))
    (memory (import "env" "memory") 1) (start $start)
    (global (export "__instance_signal") i32 (i32.const 1024))
    (data (i32.const 1024) "\\ff\\ff\\00\\00"))`
  const env = { memory, start: () => seen.push(read(memory, 'signal')) }
  new WebAssembly.Instance(new WebAssembly.Module(assemble(text)), { env })
  assert.deepEqual(seen, [0xffff])
  assert.equal(read(memory, 'signal'), 0)
})
