// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Between the shim, which sees what an import returns to a guest that may wait
// for it (WebAssembly.Suspending), and async-context.js, if that is loaded.
//
// To react to a promise is to ask it for its constructor, and that for its
// species. The program must not notice: so only the engine's own are noted, as
// long as nobody has changed what is asked.

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

/** Whether that property is there, and is `expected`: a value or a getter. */
function isStill(owner, name, field, expected) {
  const found = getOwnPropertyDescriptor(owner, name)
  return found && hasOwn(found, field) && found[field] === expected
}

/** Whether to react to the promise runs no code of the program's. */
function isPlain(promise) {
  return (
    getPrototypeOf(promise) === prototype &&
    !hasOwn(promise, 'constructor') &&
    isStill(prototype, 'constructor', 'value', Promise) &&
    isStill(Promise, species, 'get', speciesGetter)
  )
}

/** What goes wrong is nobody else's business. */
function note(result) {
  try {
    if (isPromise(result) && isPlain(result)) listener.note(result)
  } catch {
    // what goes on after it is not charged
  }
}

/** `fn` as an import; what it returns is noted where `installation` is active. */
function noting(fn, installation) {
  return function (...args) {
    const result = apply(fn, this, args)
    if (listener.note && installation.active) note(result)
    return result
  }
}

module.exports = { listener, noting }
