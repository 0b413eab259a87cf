// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Built-in functions as they were when this package was loaded. What runs
// inside WebAssembly's functions uses these, and indices where `for of` would
// ask Array.prototype: a program that replaces built-ins must notice nothing.

const { bind, call } = Function.prototype

/** uncurry(method)(self, ...args) calls method with that `this`. */
const uncurry = bind.bind(call)

function getterOf(prototype, name) {
  return uncurry(Object.getOwnPropertyDescriptor(prototype, name).get)
}

/** The engine's functions: those of the realm that loads this package. */
const wasm =
  typeof WebAssembly === 'undefined'
    ? require('./no-webassembly.js')
    : WebAssembly

module.exports = {
  uncurry,
  wasm,
  getterOf,
  Int32Array,
  Proxy,
  Uint8Array,
  apply: Reflect.apply,
  bind: uncurry(bind),
  construct: Reflect.construct,
  get: Reflect.get,
  defineProperty: Reflect.defineProperty,
  deleteProperty: Reflect.deleteProperty,
  getOwnPropertyDescriptor: Reflect.getOwnPropertyDescriptor,
  getPrototypeOf: Reflect.getPrototypeOf,
  ownKeys: Reflect.ownKeys,
  setPrototypeOf: Reflect.setPrototypeOf,
  then: uncurry(Promise.prototype.then),
  isView: ArrayBuffer.isView,
  mapGet: uncurry(Map.prototype.get),
  mapSet: uncurry(Map.prototype.set),
  weakGet: uncurry(WeakMap.prototype.get),
  weakSet: uncurry(WeakMap.prototype.set)
}
