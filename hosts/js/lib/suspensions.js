// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Promises that imports return to guests that may wait for them
// (WebAssembly.Suspending): wrappers.js wraps such imports, and
// async-context.js, if it is loaded, listens here.
//
// A reaction to a promise reads its constructor, and the species of that. The
// program must not notice it. So only the engine's own promises are noted, as
// long as no code has changed these properties.

const { isPromise } = require('node:util/types')
const {
  Promise,
  apply,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  rawGetterOf
} = require('./primordials.js')

const { prototype } = Promise
const { species } = Symbol
const speciesGetter = rawGetterOf(Promise, species)

const listener = { note: undefined } // function(promise)

/** Whether that property exists, and is `expected`: a value or a getter. */
function isUnchanged(owner, name, field, expected) {
  const found = getOwnPropertyDescriptor(owner, name)
  return found && hasOwn(found, field) && found[field] === expected
}

/** Whether a reaction to the promise runs no code of the program. */
function isPlain(promise) {
  return (
    getPrototypeOf(promise) === prototype &&
    !hasOwn(promise, 'constructor') &&
    isUnchanged(prototype, 'constructor', 'value', Promise) &&
    isUnchanged(Promise, species, 'get', speciesGetter)
  )
}

/** An error here must not reach the program. */
function note(result) {
  try {
    if (isPromise(result) && isPlain(result)) listener.note(result)
  } catch {
    // the work after it is not charged
  }
}

/** `fn` as an import; its result is noted where `installation` is active. */
function noteResults(fn, installation) {
  return function (...args) {
    const result = apply(fn, this, args)
    if (listener.note && installation.active) note(result)
    return result
  }
}

module.exports = { listener, noteResults }
