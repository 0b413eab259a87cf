// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Replaces functions of a WebAssembly namespace.

const { isObject } = require('./import-recorder.js')
const {
  defineProperty,
  getOwnPropertyDescriptor,
  hasOwn,
  isNative
} = require('./primordials.js')

/** A property's value if no code runs to read it. */
function plainValue(object, name) {
  const descriptor = getOwnPropertyDescriptor(object, name)
  return descriptor && hasOwn(descriptor, 'value')
    ? descriptor.value
    : undefined
}

function replace(object, name, value) {
  const descriptor = getOwnPropertyDescriptor(object, name)
  return defineProperty(object, name, {
    __proto__: null,
    ...descriptor,
    value
  })
}

/** Replaces `from` by `to`; leaves what other code has put there since. */
function swap(namespace, name, from, to) {
  if (plainValue(namespace, name) !== from) return false
  if (!replace(namespace, name, to)) return false
  const prototype = plainValue(from, 'prototype')
  if (isObject(prototype) && plainValue(prototype, 'constructor') === from) {
    replace(prototype, 'constructor', to)
  }
  return true
}

/** Functions that behave as the engine's: each calls the engine's own. */
const transparent = new WeakSet()

/** Whether a function of the namespace is the engine's own, or acts as it. */
function isEngines(fn, name) {
  return transparent.has(fn) || isNative(fn, name)
}

module.exports = { isEngines, plainValue, swap, transparent }
