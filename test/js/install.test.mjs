// SPDX-License-Identifier: Apache-2.0 OR MIT
/** install, uninstall: what they return, and which realm they change. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import vm from 'node:vm'

const plain = {
  instantiate: WebAssembly.instantiate,
  Instance: WebAssembly.Instance
}

const { install, raise, uninstall } = await import('wasmsig')
const imported = {
  instantiate: WebAssembly.instantiate,
  Instance: WebAssembly.Instance
}
const { guest, instantiate, read } = await import('./support/guests.mjs')

/** A realm of its own, and its global object. */
const newRealm = () => vm.runInNewContext('globalThis')

/** A guest that `realm` made itself. */
const instantiateIn = (realm) => {
  const module = new realm.WebAssembly.Module(guest())
  return new realm.WebAssembly.Instance(module)
}

afterEach(() => {
  uninstall()
})

test('importing the package changes nothing', () => {
  assert.deepEqual(imported, plain)
})

test('the first install returns true, a second one false', () => {
  assert.equal(install(), true)
  assert.equal(install(), false)
})

test('an uninstall returns whether it was installed', () => {
  assert.equal(uninstall(), false)
  install()
  assert.equal(uninstall(), true)
  assert.equal(uninstall(), false)
})

test('one uninstall undoes two installs', () => {
  install()
  install()
  uninstall()
  assert.equal(WebAssembly.instantiate, plain.instantiate)
  assert.equal(WebAssembly.Instance, plain.Instance)
})

test('a second install wraps nothing twice', () => {
  install()
  const { instantiate, Instance } = WebAssembly
  install()
  assert.equal(WebAssembly.instantiate, instantiate)
  assert.equal(WebAssembly.Instance, Instance)
})

test('it can be installed again after an uninstall', () => {
  install()
  uninstall()
  assert.equal(install(), true)
  assert.equal(raise('SIGINT', instantiate()), 1)
})

test('without the shim an instance is not tracked', () => {
  const instance = instantiate()
  assert.equal(raise('SIGINT', instance), 0)
  assert.equal(read(instance, 'signal'), 0xffff)
})

test('an instance made before the install is not tracked after it', () => {
  const instance = instantiate()
  install()
  assert.equal(raise('SIGINT', instance), 0)
  assert.equal(read(instance, 'signal'), 0xffff)
})

test('a tracked instance stays tracked after the uninstall', () => {
  install()
  const instance = instantiate()
  uninstall()
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(read(instance, 'signal'), 2)
})

test('a wrapper that a program has kept works after the uninstall', () => {
  install()
  const { Instance, Module } = WebAssembly
  uninstall()
  const instance = new Instance(new Module(guest()))
  assert.ok(instance instanceof WebAssembly.Instance)
  assert.equal(typeof instance.exports.spin, 'function')
})

test('an uninstall leaves what other code has put there since', () => {
  install()
  const theirs = () => {}
  WebAssembly.instantiate = theirs
  try {
    uninstall()
    assert.equal(WebAssembly.instantiate, theirs)
    assert.equal(WebAssembly.Instance, plain.Instance)
  } finally {
    WebAssembly.instantiate = plain.instantiate
  }
})

test('install({ realm }) wraps the functions of that realm only', () => {
  const realm = newRealm()
  const theirs = realm.WebAssembly.Instance
  assert.equal(install({ realm }), true)
  assert.notEqual(realm.WebAssembly.Instance, theirs)
  assert.equal(WebAssembly.Instance, plain.Instance)
  uninstall({ realm })
})

test('an instance made by a wrapped realm is tracked', () => {
  const realm = newRealm()
  install({ realm })
  const instance = instantiateIn(realm)
  assert.equal(raise('SIGTERM', instance), 1)
  assert.equal(instance.exports.spin(), 15)
  uninstall({ realm })
})

test('realms are installed and uninstalled independently', () => {
  const realm = newRealm()
  const theirs = realm.WebAssembly.Instance
  install()
  assert.equal(install({ realm }), true)
  assert.equal(install({ realm }), false)
  assert.equal(uninstall(), true)
  assert.notEqual(realm.WebAssembly.Instance, theirs)
  assert.equal(uninstall({ realm }), true)
  assert.equal(realm.WebAssembly.Instance, theirs)
})

test('install({ realm: globalThis }) is install()', () => {
  assert.equal(install({ realm: globalThis }), true)
  assert.equal(install(), false)
})

test('install({ realm: undefined }) is install()', () => {
  assert.equal(install({ realm: undefined }), true)
  assert.equal(install(), false)
})

test('objects and errors of a wrapped realm are of that realm', async () => {
  const realm = newRealm()
  install({ realm })
  const { WebAssembly: theirs } = realm
  const promise = theirs.instantiate(guest())
  assert.ok(promise instanceof realm.Promise)
  const { instance } = await promise
  assert.ok(instance instanceof theirs.Instance)
  await assert.rejects(theirs.instantiate(new Uint8Array(8)), (error) => {
    assert.equal(error.constructor, theirs.CompileError)
    return true
  })
  uninstall({ realm })
})

test('install reports that a frozen namespace could not be wrapped', () => {
  const realm = newRealm()
  realm.Object.freeze(realm.WebAssembly)
  const { Instance } = realm.WebAssembly
  assert.equal(install({ realm }), false)
  assert.equal(realm.WebAssembly.Instance, Instance)
  assert.equal(uninstall({ realm }), false)
})
