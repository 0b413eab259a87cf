// SPDX-License-Identifier: Apache-2.0 OR MIT
/** WebAssembly looks the same with the shim and without. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { install, raise, uninstall } from 'wasmsig'
import { IMPORTED, guest } from './support/guests.mjs'
import { bothWays } from './support/parity.mjs'

const module = new WebAssembly.Module(guest())
const importing = new WebAssembly.Module(guest({ memory: IMPORTED }))
const newMemory = () => new WebAssembly.Memory({ initial: 1 })

afterEach(() => {
  uninstall()
})

/** An object's properties, without the identity of their values. */
function shape(object) {
  return Reflect.ownKeys(object).map((key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key)
    const { value, get, set, ...flags } = descriptor
    return { key, value: brief(value), get: brief(get), set: brief(set), flags }
  })
}

function brief(value) {
  if (typeof value === 'object' && value !== null) return 'object'
  if (typeof value !== 'function') return value
  const { name, length } = value
  const prototype = Object.getPrototypeOf(value)
  return { type: 'function', name, length, prototype }
}

test('the properties of WebAssembly have the same order, flags and kind', async () => {
  const { plain, shimmed } = await bothWays(() => shape(WebAssembly))
  assert.ok(plain.some(({ key }) => key === 'Instance'))
  assert.deepEqual(shimmed, plain)
})

const FUNCTIONS = ['instantiate', 'instantiateStreaming', 'Instance', 'Module']
for (const name of FUNCTIONS) {
  test(`the properties of WebAssembly.${name} are the same`, async () => {
    const { plain, shimmed } = await bothWays(() => shape(WebAssembly[name]))
    assert.ok(plain.some(({ key }) => key === 'length'))
    assert.deepEqual(shimmed, plain)
  })

  test(`WebAssembly.${name} is as extensible and as native as before`, async () => {
    const { plain, shimmed } = await bothWays(() => ({
      extensible: Object.isExtensible(WebAssembly[name]),
      native: /\[native code\]/.test(
        Function.prototype.toString.call(WebAssembly[name])
      )
    }))
    assert.deepEqual(plain, { extensible: true, native: true })
    assert.deepEqual(shimmed, plain)
  })
}

test('the properties of WebAssembly.Instance.prototype are the same', async () => {
  const { plain, shimmed } = await bothWays(() =>
    shape(WebAssembly.Instance.prototype)
  )
  assert.ok(plain.some(({ key }) => key === 'exports'))
  assert.deepEqual(shimmed, plain)
})

test("the properties of an instance and of instantiate's result are the same", async () => {
  const { plain, shimmed } = await bothWays(async () => {
    const both = await WebAssembly.instantiate(guest())
    return [shape(both), shape(both.instance), shape(both.instance.exports)]
  })
  assert.equal(plain[0].length, 2)
  assert.deepEqual(shimmed, plain)
})

test('Instance.prototype is the same object before, during and after', () => {
  const { prototype } = WebAssembly.Instance
  install()
  assert.equal(WebAssembly.Instance.prototype, prototype)
  uninstall()
  assert.equal(WebAssembly.Instance.prototype, prototype)
})

test('Instance.prototype.constructor is Instance before, during and after', () => {
  const { prototype } = WebAssembly.Instance
  assert.equal(prototype.constructor, WebAssembly.Instance)
  install()
  assert.equal(prototype.constructor, WebAssembly.Instance)
  uninstall()
  assert.equal(prototype.constructor, WebAssembly.Instance)
})

test('an instance made without the shim is an Instance with it', () => {
  const instance = new WebAssembly.Instance(module)
  install()
  assert.ok(instance instanceof WebAssembly.Instance)
  assert.equal(instance.constructor, WebAssembly.Instance)
})

test('an instance made with the shim is an Instance without it', () => {
  install()
  const instance = new WebAssembly.Instance(module)
  assert.ok(instance instanceof WebAssembly.Instance)
  uninstall()
  assert.ok(instance instanceof WebAssembly.Instance)
  assert.equal(instance.constructor, WebAssembly.Instance)
})

test('instantiate returns objects of the right classes', async () => {
  install()
  const promise = WebAssembly.instantiate(guest())
  assert.equal(promise.constructor, Promise)
  const both = await promise
  assert.deepEqual(Object.keys(both).sort(), ['instance', 'module'])
  assert.ok(both.module instanceof WebAssembly.Module)
  assert.ok(both.instance instanceof WebAssembly.Instance)
  assert.ok(
    (await WebAssembly.instantiate(module)) instanceof WebAssembly.Instance
  )
})

test("an instance has the engine's tag and exports", () => {
  install()
  const instance = new WebAssembly.Instance(module)
  assert.equal(String(instance), '[object WebAssembly.Instance]')
  assert.ok(Object.isFrozen(instance.exports))
  assert.equal(Object.getPrototypeOf(instance.exports), null)
  assert.equal(instance.exports, instance.exports)
})

test('a subclass of Instance works, and its instances are tracked', () => {
  install()
  const module = new WebAssembly.Module(guest())
  class Program extends WebAssembly.Instance {
    constructor(module, imports) {
      super(module, imports)
      this.started = true
    }
    get memory() {
      return this.exports.memory
    }
  }
  const program = new Program(module)
  assert.ok(program instanceof Program)
  assert.ok(program instanceof WebAssembly.Instance)
  assert.equal(program.constructor, Program)
  assert.ok(program.started)
  assert.equal(raise('SIGINT', program), 1)
  assert.equal(new Uint32Array(program.memory.buffer)[256], 2)
})

test('a subclass made without the shim works with it', () => {
  class Program extends WebAssembly.Instance {}
  install()
  const program = new Program(module)
  assert.ok(program instanceof Program)
  assert.ok(program instanceof WebAssembly.Instance)
})

test('a subclass made with the shim works without it', () => {
  install()
  class Program extends WebAssembly.Instance {}
  uninstall()
  const program = new Program(module)
  assert.ok(program instanceof Program)
  assert.ok(program instanceof WebAssembly.Instance)
})

function Other() {}
class Third extends Array {}
const NEW_TARGETS = { Other, Third, Array, bound: Other.bind() }
for (const [name, target] of Object.entries(NEW_TARGETS)) {
  test(`Reflect.construct with new.target ${name} gives the same prototype`, async () => {
    const { plain, shimmed } = await bothWays(() => {
      const made = Reflect.construct(WebAssembly.Instance, [module], target)
      return Object.getPrototypeOf(made)
    })
    assert.equal(shimmed, plain)
  })
}

test('new.target.prototype is read as often and at the same time as without the package', async () => {
  const { plain, shimmed } = await bothWays(() => {
    const trace = []
    const target = new Proxy(Other, {
      get(of, key) {
        trace.push(`new.target.${String(key)}`)
        return of[key]
      }
    })
    const memory = newMemory()
    const imports = {
      env: {
        get memory() {
          trace.push('memory')
          return memory
        }
      }
    }
    Reflect.construct(WebAssembly.Instance, [importing, imports], target)
    return trace
  })
  assert.ok(plain.includes('memory'))
  assert.deepEqual(shimmed, plain)
})

test('Reflect.construct with Instance itself as new.target tracks', () => {
  install()
  const module = new WebAssembly.Module(guest())
  const { Instance } = WebAssembly
  const instance = Reflect.construct(Instance, [module], Instance)
  assert.equal(raise('SIGINT', instance), 1)
})

test('instantiate needs no receiver', async () => {
  install()
  const module = new WebAssembly.Module(guest())
  const { instantiate } = WebAssembly
  const { instance } = await instantiate(guest())
  assert.equal(raise('SIGINT', instance), 1)
  const other = await instantiate.call({}, module)
  assert.equal(raise('SIGINT', other), 1)
})
