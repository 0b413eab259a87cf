// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The engine's own functions of WebAssembly, which recognise instances and find
// their memory. A program may have replaced some before this package was loaded
// (a polyfill, a monitoring tool). Then those of a new realm are used, which
// work on objects of any realm.

const { isNative, rawGetterOf } = require('./primordials.js')

const CLASSES = ['Module', 'Instance', 'Memory', 'Global']
const GETTERS = [
  ['Memory', 'buffer'],
  ['Instance', 'exports'],
  ['Global', 'value']
]

function isUntouched(namespace) {
  try {
    const { Module, validate } = namespace
    return (
      CLASSES.every((name) => isNative(namespace[name], name)) &&
      GETTERS.every(([of, name]) =>
        isNative(rawGetterOf(namespace[of].prototype, name), name)
      ) &&
      isNative(Module.exports, 'exports') &&
      isNative(Module.imports, 'imports') &&
      isNative(validate, 'validate')
    )
  } catch {
    return false
  }
}

function present() {
  try {
    return globalThis.WebAssembly
  } catch {
    return undefined // a getter in its place, which throws
  }
}

function find() {
  const namespace = present()
  if (isUntouched(namespace)) return namespace
  const { runInNewContext } = require('node:vm')
  const own = runInNewContext("typeof WebAssembly === 'object' && WebAssembly")
  return own || require('./no-webassembly.js')
}

/** As they are now: this package may wrap some later. */
const { Module, Instance, Memory, Global, validate } = find()

module.exports = { Module, Instance, Memory, Global, validate }
