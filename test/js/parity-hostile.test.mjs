// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Hostile objects have the same effects, and observe the same accesses. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import vm from 'node:vm'
import { stats, uninstall } from 'wasmsig'
import { IMPORTED, guest } from './support/guests.mjs'
import { bothWays, ending } from './support/parity.mjs'

const bytes = guest()
const importing = new WebAssembly.Module(guest({ memory: IMPORTED }))
const newMemory = () => new WebAssembly.Memory({ initial: 1 })
const refuse = () => {
  throw new Error('theirs')
}

after(() => uninstall())

/** Records which properties are read, and has none. */
const listening = (trace) =>
  new Proxy(
    {},
    {
      get: (_, key) => void trace.push(`get ${String(key)}`),
      has: (_, key) => Boolean(trace.push(`has ${String(key)}`) && false),
      getPrototypeOf: () => {
        trace.push('getPrototypeOf')
        return null
      }
    }
  )

/** Runs `act` while a property is replaced, and counts its reads. */
async function counted(object, key, act) {
  const before = Object.getOwnPropertyDescriptor(object, key)
  let reads = 0
  const get = function () {
    reads += 1
    return before?.get ? this : before?.value
  }
  Object.defineProperty(object, key, { configurable: true, get })
  let promise
  try {
    promise = act()
  } finally {
    if (before) Object.defineProperty(object, key, before)
    else delete object[key]
  }
  await promise
  return reads
}

const withMemory = (change) => () => {
  const memory = newMemory()
  const trace = change(memory)
  const instance = new WebAssembly.Instance(importing, { env: { memory } })
  return [instance instanceof WebAssembly.Instance, trace]
}
const withModule = (change) => () => {
  const module = new WebAssembly.Module(bytes)
  const trace = change(module)
  const instance = new WebAssembly.Instance(module)
  const keys = Reflect.ownKeys(module)
  return [instance instanceof WebAssembly.Instance, trace, keys]
}
const withProxy = (object) => {
  const trace = []
  Object.setPrototypeOf(object, listening(trace))
  return trace
}
/** Once: a `then` on the value with which instantiate() is settled. */
const replacing = (then) => async () => {
  Object.defineProperty(Object.prototype, 'then', {
    configurable: true,
    get() {
      if (!Object.hasOwn(this, 'instance')) return undefined
      delete Object.prototype.then
      return then
    }
  })
  try {
    return await WebAssembly.instantiate(bytes)
  } finally {
    delete Object.prototype.then
  }
}

const CASES = {
  'a memory whose own buffer throws': withMemory((memory) =>
    Object.defineProperty(memory, 'buffer', { get: refuse })
  ),
  'a memory that cannot be shown': withMemory((memory) => {
    memory.toJSON = memory.toString = memory[Symbol.toPrimitive] = refuse
  }),
  'a memory without a prototype': withMemory((memory) => {
    Object.setPrototypeOf(memory, null)
  }),
  'a memory whose prototype is a proxy': withMemory(withProxy),
  'a memory that is frozen': withMemory((memory) => void Object.freeze(memory)),
  'a module whose prototype is a proxy': withModule(withProxy),
  'a module that is frozen': withModule((module) => void Object.freeze(module)),
  'imports that are revoked as they are read': () => {
    const { proxy, revoke } = Proxy.revocable({ memory: newMemory() }, {})
    return new WebAssembly.Instance(importing, {
      get env() {
        revoke()
        return proxy
      }
    })
  },
  'a subclass that throws when it is made': () =>
    new (class extends WebAssembly.Instance {
      constructor(...args) {
        super(...args)
        refuse()
      }
    })(importing, { env: { memory: newMemory() } }),
  'a new.target that is revoked': () => {
    const { proxy, revoke } = Proxy.revocable(function () {}, {})
    revoke()
    return Reflect.construct(WebAssembly.Instance, [importing], proxy)
  },
  'a new.target of another realm': () =>
    Reflect.construct(
      WebAssembly.Instance,
      [importing, { env: { memory: newMemory() } }],
      vm.runInNewContext('(function () {}).bind()')
    ) instanceof WebAssembly.Instance,
  'bytes whose getters throw': async () => {
    class View extends Uint8Array {
      get buffer() {
        return refuse()
      }
      get byteLength() {
        return refuse()
      }
      get length() {
        return refuse()
      }
    }
    return Object.keys(await WebAssembly.instantiate(new View(bytes)))
  },
  'who reads Symbol.species': () =>
    counted(Promise, Symbol.species, () => WebAssembly.instantiate(bytes)),
  'who reads a promise constructor': () =>
    counted(Promise.prototype, 'constructor', () =>
      WebAssembly.instantiate(bytes)
    ),
  'a then that replaces the result': replacing((resolve) => resolve(5)),
  'a then that answers other objects': replacing((resolve) =>
    resolve({ module: 1, instance: { exports: 2 } })
  ),
  'a then that throws': replacing(refuse)
}
for (const [name, act] of Object.entries(CASES)) {
  test(`the same with and without: ${name}`, async () => {
    const { plain, shimmed } = await bothWays(() => ending(act))
    assert.deepEqual(shimmed, plain)
  })
}

test('properties of Object.prototype do not affect stats', () => {
  const set = refuse
  Object.defineProperty(Object.prototype, 'FIXED', { configurable: true, set })
  Object.defineProperty(Object.prototype, 'waited', { configurable: true, set })
  try {
    assert.equal(typeof stats().tracked.FIXED, 'number')
    assert.equal(typeof stats().unsafe.waited, 'number')
  } finally {
    delete Object.prototype.FIXED
    delete Object.prototype.waited
  }
})
