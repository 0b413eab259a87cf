// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Other realms: vm contexts, with the shim in them or not. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import vm from 'node:vm'
import { CpuBudget, install, raise, stats, uninstall } from 'wasmsig'
import { IMPORTED, guest, read } from './support/guests.mjs'

/** Bun's contexts have no separate WebAssembly that could be wrapped. */
const ours = globalThis.WebAssembly
const skip =
  vm.runInNewContext('globalThis').WebAssembly === undefined &&
  'a context has no WebAssembly'

const realms = []

/** The global object of a new context in which the shim is installed. */
function shimmedRealm() {
  const realm = vm.runInNewContext('globalThis')
  assert.equal(install({ realm }), true)
  realms.push(realm)
  return realm
}

afterEach(() => {
  for (const realm of realms.splice(0)) uninstall({ realm })
  uninstall()
})

const first = (memory) => new Uint32Array(memory.buffer)[256]

const WAYS = {
  Instance: (realm, bytes, imports) => {
    const { Instance, Module } = realm.WebAssembly
    return new Instance(new Module(bytes), imports)
  },
  'instantiate(module)': (realm, bytes, imports) =>
    realm.WebAssembly.instantiate(new realm.WebAssembly.Module(bytes), imports),
  'instantiate(bytes)': async (realm, bytes, imports) =>
    (await realm.WebAssembly.instantiate(bytes, imports)).instance
}

for (const [way, make] of Object.entries(WAYS)) {
  test(`${way} of a realm tracks`, { skip }, async () => {
    const instance = await make(shimmedRealm(), guest())
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(first(instance.exports.memory), 2)
  })

  test(
    `${way} of a realm accepts memories of either realm`,
    { skip },
    async () => {
      const realm = shimmedRealm()
      const bytes = guest({ memory: IMPORTED })
      for (const { Memory } of [realm.WebAssembly, ours]) {
        const memory = new Memory({ initial: 1 })
        const instance = await make(realm, bytes, { env: { memory } })
        assert.equal(raise('SIGINT', instance), 1)
        assert.equal(first(memory), 2)
      }
    }
  )

  test(`${way} of a realm wraps nothing in our realm`, { skip }, async () => {
    shimmedRealm()
    const before = stats()
    const instance = await make(globalThis, guest())
    assert.equal(raise('SIGINT', instance), 0)
    assert.equal(read(instance, 'signal'), 0xffff)
    assert.deepEqual(stats().untracked, before.untracked)
  })
}

test('a module of one realm is instantiated by the other', { skip }, () => {
  install()
  const realm = shimmedRealm()
  const theirs = new realm.WebAssembly.Module(guest())
  const own = new ours.Module(guest())
  assert.equal(raise('SIGINT', new WebAssembly.Instance(theirs)), 1)
  assert.equal(raise('SIGINT', new realm.WebAssembly.Instance(own)), 1)
})

test(
  'a subclass in one realm of the Instance of the other tracks',
  { skip },
  () => {
    const realm = shimmedRealm()
    class Program extends realm.WebAssembly.Instance {}
    const program = new Program(new realm.WebAssembly.Module(guest()))
    assert.ok(program instanceof Program)
    assert.equal(raise('SIGINT', program), 1)
  }
)

test(
  'an instance of another realm is a target, alone and in a list',
  { skip },
  () => {
    install()
    const realm = shimmedRealm()
    const theirs = WAYS.Instance(realm, guest())
    const own = WAYS.Instance(globalThis, guest())
    const list = vm.runInContext('(...all) => all', vm.createContext())
    assert.equal(raise('SIGUSR1', theirs), 1)
    assert.equal(raise('SIGUSR1', [theirs, own]), 2)
    assert.equal(raise('SIGUSR1', list(theirs, own)), 2)
  }
)

test('a budget signals an instance of another realm', { skip }, () => {
  const realm = shimmedRealm()
  const instance = WAYS.Instance(realm, guest())
  const budget = new CpuBudget({ soft: 2, instances: [instance] })
  assert.equal(budget.run(instance.exports.spin), 24)
})

test(
  'an object that imitates an instance of another realm is refused',
  { skip },
  () => {
    const realm = shimmedRealm()
    const fake = realm.Object.create(realm.WebAssembly.Instance.prototype)
    assert.throws(() => raise('SIGINT', [fake]), {
      code: 'ERR_WASMSIG_INVALID_ARG_TYPE'
    })
  }
)

test(
  'a wrapped realm looks as before, and makes its own objects',
  { skip },
  async () => {
    const plain = vm.runInNewContext('globalThis')
    const realm = shimmedRealm()
    const shape = ({ WebAssembly, Function, Object }) =>
      Object.entries(Object.getOwnPropertyDescriptors(WebAssembly)).map(
        ([key, { value, ...flags }]) => [
          key,
          flags,
          typeof value === 'function' && [
            value.name,
            value.length,
            value instanceof Function,
            Reflect.ownKeys(value).sort()
          ]
        ]
      )
    assert.equal(JSON.stringify(shape(realm)), JSON.stringify(shape(plain)))
    const promise = realm.WebAssembly.instantiate(guest())
    assert.equal(promise.constructor, realm.Promise)
    assert.ok(promise instanceof realm.Promise)
    const result = await promise
    assert.ok(result instanceof realm.Object)
    assert.ok(result.instance instanceof realm.WebAssembly.Instance)
  }
)

test('an error of a wrapped realm is of that realm', { skip }, async () => {
  const realm = shimmedRealm()
  const { Instance, instantiate } = realm.WebAssembly
  assert.throws(() => Instance(), realm.TypeError)
  assert.throws(() => new Instance(), realm.TypeError)
  await assert.rejects(instantiate(), realm.TypeError)
  await assert.rejects(
    instantiate(new Uint8Array(8)),
    realm.WebAssembly.CompileError
  )
})

test(
  'a collected realm releases its instances',
  { skip: skip || (!globalThis.gc && 'no --expose-gc') },
  async () => {
    const realm = new WeakRef(vm.runInNewContext('globalThis'))
    install({ realm: realm.deref() })
    WAYS.Instance(realm.deref(), guest())
    await WAYS['instantiate(bytes)'](realm.deref(), guest())
    for (let i = 0; i < 100 && realm.deref(); i += 1) {
      await new Promise(setImmediate)
      globalThis.gc()
      // A sweep: the memories of collected instances are released.
      install()
      for (let k = 0; k < 70; k += 1) WAYS.Instance(globalThis, guest())
    }
    assert.equal(realm.deref(), undefined)
  }
)
