// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Built-in functions as they were when this package was loaded. Code that runs
// inside WebAssembly's functions uses these, and indices where `for of` would
// read Array.prototype. So it calls nothing that a program has replaced.

const { bind, call } = Function.prototype

/** uncurry(method)(self, ...args) calls method with that `this`. */
const uncurry = bind.bind(call)

function rawGetterOf(prototype, name) {
  return Object.getOwnPropertyDescriptor(prototype, name).get
}

function getterOf(prototype, name) {
  return uncurry(rawGetterOf(prototype, name))
}

const textOf = uncurry(Function.prototype.toString)
const NATIVE = /^function (?:get )?(\w*)\(\)\s*\{\s*\[native code\]\s*\}$/

/**
 * Whether a function is the engine's own, of that name. Other functions without
 * source text (bound ones, proxies) have no name in it, or in JavaScriptCore
 * another one as `name`.
 */
function isNative(fn, name) {
  if (typeof fn !== 'function') return false
  const text = NATIVE.exec(textOf(fn))
  const shown = Object.getOwnPropertyDescriptor(fn, 'name')?.value
  return text?.[1] === name && (shown === name || shown === `get ${name}`)
}

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype)

module.exports = {
  uncurry,
  getterOf,
  rawGetterOf,
  isNative,
  Error,
  Int32Array,
  Map,
  Promise,
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
  hasOwn: Object.hasOwn,
  isExtensible: Reflect.isExtensible,
  ownKeys: Reflect.ownKeys,
  setPrototypeOf: Reflect.setPrototypeOf,
  then: uncurry(Promise.prototype.then),
  isView: ArrayBuffer.isView,
  mapGet: uncurry(Map.prototype.get),
  mapHas: uncurry(Map.prototype.has),
  mapSet: uncurry(Map.prototype.set),
  viewBuffer: getterOf(TypedArray, 'buffer'),
  viewKind: getterOf(TypedArray, Symbol.toStringTag),
  viewLength: getterOf(TypedArray, 'byteLength'),
  viewOffset: getterOf(TypedArray, 'byteOffset'),
  toFixed: uncurry(Number.prototype.toFixed),
  weakDelete: uncurry(WeakMap.prototype.delete),
  weakGet: uncurry(WeakMap.prototype.get),
  weakSet: uncurry(WeakMap.prototype.set)
}
