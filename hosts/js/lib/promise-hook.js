// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// To see what a promise of the engine is fulfilled with, before anybody else.
//
// In Node 20 and later nobody can tell: the addon reads a promise that is
// settled already, and is told by the engine when another is about to be. The
// engine's own promise is returned. Elsewhere a promise is derived from it,
// which is settled one microtask later.
//
// The engine tells nothing of promises that others have made (wrap-replacements.js). Node
// calls hooks before it settles any promise: as long as one of those is pending
// they are on, and what it was settled with is read in a microtask of ours that
// comes before those of the program's reactions.

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

/** promise -> what to call with its value */
const waiting = new WeakMap()

/** promise -> its value, if that was known before the promise was handed out */
const early = new WeakMap()

/** What goes wrong with a listener is nobody else's business. */
function callSafely(listener, value) {
  try {
    listener(value)
  } catch {
    // it is told what it is told
  }
}

function tell(promise, value) {
  const listener = weakGet(waiting, promise)
  if (listener === undefined) weakSet(early, promise, value)
  else callSafely(listener, value)
}

/** Up to V8 12 the addon must find how the engine settles; see promise_hook.c. */
const AT_ONCE = 13

let isTold // whether the engine tells; undefined as long as it was not asked

/**
 * To be called before any promise is made of which to be told: V8 11 looks up
 * whom to tell when the call begins. Electron's web pages have settled these
 * promises for themselves: there nobody is asked.
 */
function askEngine() {
  const { electron, v8 } = process.versions
  const atOnce = Number.parseInt(v8, 10) >= AT_ONCE
  isTold ??= !electron && native.onSettled?.(tell, atOnce) === true
}

/** Leads `then` past a constructor that the program can see or replace. */
function derived(promise, installation, listener) {
  const species = { __proto__: null, [Symbol.species]: installation.Promise }
  defineProperty(promise, 'constructor', { __proto__: null, value: species })
  return then(promise, (value) => {
    callSafely(listener, value)
    return value
  })
}

/**
 * Calls `listener` with what an engine's promise is fulfilled with; answers the
 * promise to be handed out. Nobody notices what `listener` throws.
 */
function whenFulfilled(promise, installation, listener) {
  const value = valueOf(promise)
  if (value === false) return promise // rejected
  if (value !== undefined && value !== null) {
    callSafely(listener, value)
    return promise
  }
  if (!isTold || value === null) return derived(promise, installation, listener)
  weakSet(waiting, promise, listener)
  return promise
}

/** As settledWith of the addon says it. */
function valueOf(promise) {
  const value = isTold ? weakGet(early, promise) : undefined
  if (value !== undefined) return value
  return native.settledWith ? native.settledWith(promise) : null
}

// ---------------------------------------------------- promises of others

/** promise -> what to call with its value; `pending` of them */
const watched = new WeakMap()
let pending = 0
let stopHooks

/** Calls the listener if it is fulfilled; whether it is pending no more. */
function isSettled(promise, listener) {
  const value = native.settledWith(promise)
  if (value === undefined) return false
  if (value !== false) callSafely(listener, value)
  return true
}

function lookAgain(promise) {
  const listener = weakGet(watched, promise)
  if (listener === undefined || !isSettled(promise, listener)) return
  weakDelete(watched, promise)
  pending--
  if (pending === 0) stopHooks()
}

function onSettling(promise) {
  if (weakGet(watched, promise) === undefined) return
  then(RESOLVED, () => lookAgain(promise))
}

/** In hosts that let promises be read, and have hooks. */
function watch(promise, listener) {
  if (weakGet(watched, promise) !== undefined) return
  const { promiseHooks } = require('node:v8')
  weakSet(watched, promise, listener)
  pending++
  if (pending === 1) stopHooks = promiseHooks.onSettled(onSettling)
}

/** A promise that looks like the engine's; another may have more to it. */
function isPlain(promise, installation) {
  return (
    getPrototypeOf(promise) === installation.Promise.prototype &&
    isExtensible(promise) &&
    ownKeys(promise).length === 0
  )
}

/**
 * The same for a promise that others have made: where it cannot be watched, and
 * no promise can stand for it, nobody is told.
 */
function whenTheirsIsFulfilled(promise, installation, listener) {
  const isRead = native.settledWith && native.settledWith(RESOLVED) !== null
  if (isRead) {
    if (!isSettled(promise, listener)) watch(promise, listener)
    return promise
  }
  if (!isPlain(promise, installation)) return promise
  return derived(promise, installation, listener)
}

module.exports = { askEngine, whenFulfilled, whenTheirsIsFulfilled }
