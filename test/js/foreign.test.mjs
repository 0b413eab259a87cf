// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Functions that other code has put in the place of WebAssembly's before the
 * install work as without the package, whatever they return.
 */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { types } from 'node:util'
import vm from 'node:vm'
import { install, raise, stats, uninstall } from 'wasmsig'
import { IMPORTED, guest } from './support/guests.mjs'
import { bothWays, ending } from './support/parity.mjs'
import { run } from './support/child.mjs'

const { instantiate, Instance, Module } = WebAssembly
const bytes = guest()
const module = new Module(bytes)
const before = Object.getOwnPropertyDescriptors(WebAssembly)
const { prototype } = Instance

afterEach(() => {
  uninstall()
  Object.defineProperties(WebAssembly, before)
  prototype.constructor = Instance
})

const refuse = () => {
  throw new Error('theirs')
}
const hostile = new Proxy(
  {},
  Object.fromEntries(Reflect.ownKeys(Reflect).map((trap) => [trap, refuse]))
)
class OtherPromise extends Promise {
  cancel() {}
}
const ours = () => ({ module, instance: new Instance(module) })

/** What a replaced `instantiate` returns. */
const ANSWERS = {
  undefined: () => undefined,
  null: () => null,
  'a number': () => 5,
  'an object': ours,
  'a proxy that throws': () => hostile,
  'a thenable': () => ({ then: (resolve) => resolve(5) }),
  'a promise of undefined': () => Promise.resolve(),
  'a promise of null': () => Promise.resolve(null),
  'a promise of a number': () => Promise.resolve(5),
  'a promise of a function': () => Promise.resolve(refuse),
  'a promise of an empty object': () => Promise.resolve({}),
  'a promise of getters that throw': () =>
    Promise.resolve(Object.create(null, { instance: { get: refuse } })),
  'a promise of an instance that is none': () =>
    Promise.resolve({ module, instance: { exports: {} } }),
  'a promise of another module': () =>
    Promise.resolve({
      module: new Module(guest({ words: ['terminated'] })),
      instance: new Instance(module)
    }),
  'a promise of the right shape': () => Promise.resolve(ours()),
  'a frozen promise': () => Object.freeze(Promise.resolve(ours())),
  'a promise of a subclass': () => OtherPromise.resolve(ours()),
  'a promise of another realm': () =>
    vm.runInNewContext('Promise.resolve({ module: 1, instance: 2 })'),
  'a promise with a then of its own': () =>
    Object.assign(Promise.resolve(ours()), { then: refuse }),
  'a promise that is rejected': () => Promise.reject(new Error('theirs')),
  'a promise that is never settled': () => new Promise(() => {}),
  'nothing, but throws': refuse
}

/**
 * Deno and Bun do not show promises' results: there another promise is
 * returned.
 */
const isRead = !(process.versions.deno ?? process.versions.bun)
const turn = () => new Promise(setImmediate)

for (const call of ['instantiate', 'instantiateStreaming']) {
  for (const [name, answer] of Object.entries(ANSWERS)) {
    test(`a replaced ${call} receives and returns the same: ${name}`, async () => {
      let got, answered, keys
      WebAssembly[call] = function (...args) {
        got = { self: this, args }
        answered = answer()
        if (types.isPromise(answered)) {
          keys = Reflect.ownKeys(answered)
          Promise.prototype.catch.call(
            new Promise((r) => r(answered)),
            () => {}
          )
        }
        return answered
      }
      WebAssembly[call].theirs = true
      assert.equal(install(), true)
      assert.equal(WebAssembly[call].theirs, true)
      const imports = { env: {} }
      const given = [bytes, imports, 3, 4]
      let returned
      try {
        returned = WebAssembly[call](...given)
      } catch (error) {
        assert.equal(error.message, 'theirs')
      }
      assert.equal(got.self, WebAssembly)
      assert.equal(got.args.length, 4)
      got.args.forEach((each, i) => assert.equal(each, given[i]))
      if (isRead) assert.equal(returned, answered)
      if (keys) assert.deepEqual(Reflect.ownKeys(answered), keys)
      await turn()
    })
  }
}

const NEW = {
  'a class': class Instance {
    constructor(...args) {
      this.args = args
      this.target = new.target
    }
  },
  'a function': function Instance(...args) {
    this.args = args
    this.target = new.target
  },
  'a function that answers an object': function (...args) {
    return { args, target: new.target }
  },
  'a function that answers a proxy': function () {
    return new Proxy({}, { get: refuse, getOwnPropertyDescriptor: refuse })
  },
  'a subclass': class Instance extends WebAssembly.Instance {
    constructor(...args) {
      super(...args)
      this.args = args
      this.target = new.target
    }
  },
  'a proxy': new Proxy(Instance, {}),
  'no constructor': (...args) => ({ args }),
  'a method': { Instance() {} }.Instance,
  'a proxy that throws': new Proxy(Instance, { construct: refuse })
}
for (const [name, theirs] of Object.entries(NEW)) {
  test(`a replaced Instance is constructed as without the package: ${name}`, async () => {
    class Program extends Object {}
    const { plain, shimmed } = await bothWays(async () => {
      if (WebAssembly.Instance === Instance) WebAssembly.Instance = theirs
      const made = []
      for (const act of [
        () => new WebAssembly.Instance(module, undefined, 5),
        () => new WebAssembly.Instance(),
        () => WebAssembly.Instance(module),
        () => Reflect.construct(WebAssembly.Instance, [module], Program),
        () => new (class extends WebAssembly.Instance {})(module)
      ]) {
        const { how, text, value } = await ending(act)
        const seen = types.isProxy(value) ? {} : (value ?? {})
        made.push({
          how,
          text,
          args: seen.args?.length,
          isOne: value instanceof Object,
          target: [theirs, WebAssembly.Instance].includes(seen.target)
        })
      }
      return made
    })
    assert.deepEqual(shimmed, plain)
  })
}

const PLACES = {
  'an accessor': { get: () => instantiate, configurable: true },
  'an accessor that throws': { get: refuse, configurable: true },
  'no function': { value: 5, configurable: true },
  'a function that cannot be replaced': { value: instantiate }
}
for (const [name, descriptor] of Object.entries(PLACES)) {
  test(`a property that is ${name} is not wrapped`, () => {
    const realm = vm.runInNewContext('globalThis')
    const namespace = realm.WebAssembly
    delete namespace.instantiate
    Object.defineProperty(namespace, 'instantiate', descriptor)
    const there = Object.getOwnPropertyDescriptor(namespace, 'instantiate')
    assert.equal(install({ realm }), true)
    assert.deepEqual(
      Object.getOwnPropertyDescriptor(namespace, 'instantiate'),
      there
    )
    assert.equal(uninstall({ realm }), true)
  })
}

test('a namespace that refuses everything is not wrapped', () => {
  const traps = { defineProperty: refuse, getOwnPropertyDescriptor: refuse }
  const WebAssembly = new Proxy({ Instance }, traps)
  assert.equal(install({ realm: { WebAssembly } }), false)
})

test('uninstall restores the replacements', () => {
  const theirs = () => {}
  WebAssembly.instantiate = theirs
  install()
  assert.notEqual(WebAssembly.instantiate, theirs)
  uninstall()
  assert.equal(WebAssembly.instantiate, theirs)
})

/** Wrappers that return what the engine returns. */
const WATCHING = {
  'hands on the promise': (...args) => instantiate(...args),
  'is an async function': async (...args) => await instantiate(...args),
  'makes another object': async (...args) => {
    const { module, instance } = await instantiate(...args)
    return { module, instance, theirs: true }
  },
  'is late': async (...args) => {
    const answer = await instantiate(...args)
    await turn()
    return answer
  },
  'compiles itself': async (source) => {
    const module = new Module(source)
    return { module, instance: new Instance(module) }
  }
}
for (const [name, theirs] of Object.entries(WATCHING)) {
  test(`an instance of a replacement that ${name} is tracked`, async () => {
    WebAssembly.instantiate = theirs
    install()
    const { instance } = await WebAssembly.instantiate(guest())
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(instance.exports.spin(), 2)
  })
}

test('an instance of a replacement that imports its memory counts as untracked', async () => {
  WebAssembly.instantiate = async (...args) => instantiate(...args)
  install()
  const had = stats().untracked['no-memory'] ?? 0
  const memory = new WebAssembly.Memory({ initial: 1 })
  const source = guest({ memory: IMPORTED })
  const { instance } = await WebAssembly.instantiate(source, {
    env: { memory }
  })
  assert.equal(raise('SIGINT', instance), 0)
  assert.equal(stats().untracked['no-memory'], had + 1)
})

test('an instance that is not of the given module is not written', async () => {
  const two = guest({ words: ['signal', 'pending'] })
  WebAssembly.instantiate = async () => ({
    module,
    instance: new Instance(new Module(two))
  })
  install()
  const { instance } = await WebAssembly.instantiate(two)
  assert.equal(raise('SIGINT', instance), 0)
})

test('functions replaced before the package was loaded are not trusted', async () => {
  const { stdout, stderr, status } = await run('replaced.mjs')
  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout), { received: [1, 1], wrong: 0 })
  assert.equal(status, 0)
})
