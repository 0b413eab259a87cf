// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Whose functions are on the stack, by the names of their scripts. V8's own
// list of frames names functions too, and for the first one of a wasm module it
// reads the names of all: tens of milliseconds, in the middle of a kill. An
// error's list, in which V8 has named nothing yet, is read instead.
//
// It runs inside of an interrupt: nothing in it calls the program's functions,
// also not by descriptors that inherit from Object.prototype, or by a global
// Error that the program has replaced, which Node reads as well to list frames.
// There, and where Error is frozen, V8's own list is read.

const native = require('./native.js')
const { Error, hasOwn, setPrototypeOf, uncurry } = require('./primordials.js')

const { captureStackTrace } = Error
const { defineProperty, getOwnPropertyDescriptor } = Object
const realm = globalThis
const MOST = 200
const SWITCHES = {
  stackTraceLimit: MOST,
  prepareStackTrace: (_, sites) => sites
}

function sitesHere(above) {
  const here = {}
  captureStackTrace(here, above)
  return here.stack
}

/** Switches Error's to ours; what they were. */
function exchange(name) {
  const before = getOwnPropertyDescriptor(Error, name)
  if (before) setPrototypeOf(before, null)
  defineProperty(Error, name, {
    __proto__: null,
    value: SWITCHES[name],
    configurable: true,
    writable: true
  })
  return before
}

function putBack(name, before) {
  if (before) defineProperty(Error, name, before)
  else delete Error[name]
}

function withSwitches(call, argument) {
  const limit = exchange('stackTraceLimit')
  try {
    const prepare = exchange('prepareStackTrace')
    try {
      return call(argument)
    } finally {
      putBack('prepareStackTrace', prepare)
    }
  } finally {
    putBack('stackTraceLimit', limit)
  }
}

/** Whether who reads the global Error gets it, and calls nothing. */
function isErrorPlain() {
  const found = getOwnPropertyDescriptor(realm, 'Error')
  return found && hasOwn(found, 'value') && found.value === Error
}

let fileOf

/** The scripts' names, the innermost first; undefined where there are more, or
 * where they cannot be read. */
function scripts() {
  if (!isErrorPlain()) return undefined
  const sites = withSwitches(sitesHere, scripts)
  if (sites.length === MOST) return undefined
  for (let i = 0; i < sites.length; i++) sites[i] = fileOf(sites[i])
  return sites
}

function begin() {
  const [site] = withSwitches(sitesHere)
  fileOf = uncurry(Object.getPrototypeOf(site).getFileName)
  native.lookWith(scripts)
}

try {
  if (native.canKill()) begin()
} catch {
  // Error is frozen
}

module.exports = { scripts }
