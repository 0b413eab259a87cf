// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Reads what a promise of the engine is fulfilled with, before other code does.
//
// In Node 20 and later other code cannot notice that: the addon reads a promise
// that is settled already, and the engine calls the addon before it settles
// another one. The engine's own promise is returned. Elsewhere a promise is
// derived from it, which is settled one microtask later.
//
// The engine does not call the addon for promises that other code has made
// (wrap-replacements.js). Node calls promise hooks before it settles any
// promise. They are on as long as one of those promises is pending, and its
// result is read in a microtask of ours, which runs before the program's
// reactions.

const native = require('./native.js')
const {
  defineProperty,
  getPrototypeOf,
  isExtensible,
  ownKeys,
  then,
  weakDelete,
  weakGet,
  weakSet
} = require('./primordials.js')

const RESOLVED = Promise.resolve({})

/** An error in a listener must not reach the program. */
function callSafely(listener, value) {
  try {
    listener(value)
  } catch {
    // the instance is not tracked
  }
}

// ----------------------------------------------------- promises of the engine

/** promise -> what to call with its value */
const waiting = new WeakMap()

/** promise -> its value, if the engine called before it returned the promise */
const early = new WeakMap()

/** The addon calls this before a promise of WebAssembly is fulfilled. */
function onFulfilled(promise, value) {
  const listener = weakGet(waiting, promise)
  if (listener === undefined) weakSet(early, promise, value)
  else callSafely(listener, value)
}

/** Up to V8 12 the addon must find how the engine settles: promise_hook.c. */
const FIRST_V8_AT_ONCE = 13

let isHooked // undefined until the engine was asked

/**
 * Must be called before any promise is made whose result is to be read: V8 11
 * looks up the callback when the call begins. Electron's web pages settle these
 * promises themselves: there the engine is not asked.
 */
function hookEngine() {
  const { electron, v8 } = process.versions
  const atOnce = Number.parseInt(v8, 10) >= FIRST_V8_AT_ONCE
  isHooked ??= !electron && native.hookPromises(onFulfilled, atOnce) === true
}

/** `then` must not read a constructor that the program can see or replace. */
function derived(promise, installation, listener) {
  const species = { __proto__: null, [Symbol.species]: installation.Promise }
  defineProperty(promise, 'constructor', { __proto__: null, value: species })
  return then(promise, (value) => {
    callSafely(listener, value)
    return value
  })
}

/** As promiseResult of the addon. */
function resultOf(promise) {
  const value = isHooked ? weakGet(early, promise) : undefined
  return value !== undefined ? value : native.promiseResult(promise)
}

/**
 * Calls `listener` with what an engine's promise is fulfilled with; answers the
 * promise to return to the program. Errors of `listener` are ignored.
 */
function whenFulfilled(promise, installation, listener) {
  const value = resultOf(promise)
  if (value === false) return promise // rejected
  if (value !== undefined && value !== null) {
    callSafely(listener, value)
    return promise
  }
  if (!isHooked || value === null) {
    return derived(promise, installation, listener)
  }
  weakSet(waiting, promise, listener)
  return promise
}

// ------------------------------------------------------ promises of other code

/** promise -> what to call with its value; `pending` of them */
const watched = new WeakMap()
let pending = 0
let stopHooks

/** Calls the listener if it is fulfilled. Answers whether it is settled. */
function readSettled(promise, listener) {
  const value = native.promiseResult(promise)
  if (value === undefined) return false
  if (value !== false) callSafely(listener, value)
  return true
}

function checkWatched(promise) {
  const listener = weakGet(watched, promise)
  if (listener === undefined || !readSettled(promise, listener)) return
  weakDelete(watched, promise)
  pending--
  if (pending === 0) stopHooks()
}

function onSettling(promise) {
  if (weakGet(watched, promise) === undefined) return
  then(RESOLVED, () => checkWatched(promise))
}

/** In hosts that show promises' results and have promise hooks. */
function watch(promise, listener) {
  if (weakGet(watched, promise) !== undefined) return
  const { promiseHooks } = require('node:v8')
  weakSet(watched, promise, listener)
  pending++
  if (pending === 1) stopHooks = promiseHooks.onSettled(onSettling)
}

/** A promise that looks like the engine's; others may have more properties. */
function isPlain(promise, installation) {
  return (
    getPrototypeOf(promise) === installation.Promise.prototype &&
    isExtensible(promise) &&
    ownKeys(promise).length === 0
  )
}

/**
 * The same for a promise that other code has made. Where it cannot be watched,
 * and no derived promise can replace it, the listener is not called.
 */
function whenReplacementFulfils(promise, installation, listener) {
  const isReadable = native.promiseResult(RESOLVED) !== null
  if (isReadable) {
    if (!readSettled(promise, listener)) watch(promise, listener)
    return promise
  }
  if (!isPlain(promise, installation)) return promise
  return derived(promise, installation, listener)
}

module.exports = { hookEngine, whenFulfilled, whenReplacementFulfils }
