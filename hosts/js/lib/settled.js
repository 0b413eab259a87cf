// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// To see what a promise of the engine is fulfilled with, before anybody else.
//
// In Node 20 and later nobody can tell: the addon reads a promise that is
// settled already, and is told by the engine when another is about to be. The
// engine's own promise is returned. Elsewhere a promise is derived from it,
// which is settled one microtask later.

const native = require('./native.js')
const { defineProperty, then, weakGet, weakSet } = require('./captured.js')

/** promise -> what to call with its value */
const waiting = new WeakMap()

/** promise -> its value, if that was known before the promise was handed out */
const early = new WeakMap()

function tell(promise, value) {
  const listener = weakGet(waiting, promise)
  if (listener === undefined) weakSet(early, promise, value)
  else listener(value)
}

/** Up to V8 12 the addon must find how the engine settles; see settled.c. */
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
    listener(value)
    return value
  })
}

/**
 * Calls `listener` with what an engine's promise is fulfilled with; answers the
 * promise to be handed out. `listener` must not throw.
 */
function whenFulfilled(promise, installation, listener) {
  const value = valueOf(promise)
  if (value === false) return promise // rejected
  if (value !== undefined && value !== null) {
    listener(value)
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

module.exports = { askEngine, whenFulfilled }
