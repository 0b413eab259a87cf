// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The names of the scripts of the functions on the stack. V8's own list of
// frames has the functions' names as well, and for the first frame of a wasm
// module V8 reads the names of all its functions: tens of milliseconds, in the
// middle of a kill. So this reads an error's list, in which V8 has not resolved
// names yet.
//
// It runs inside of an interrupt. So it calls none of the program's functions:
// neither by descriptors that inherit from Object.prototype, nor by a global
// Error that the program has replaced, which Node reads as well to list frames.
// In that case, and where Error is frozen, the addon reads V8's own list.

const native = require('./native.js')
const { Error, hasOwn, setPrototypeOf, uncurry } = require('./primordials.js')

const { captureStackTrace } = Error
const { defineProperty, getOwnPropertyDescriptor } = Object
const realm = globalThis
const MOST_FRAMES = 200
const OWN_PROPERTIES = {
  stackTraceLimit: MOST_FRAMES,
  prepareStackTrace: (_, sites) => sites
}

function captureSites(above) {
  const target = {}
  captureStackTrace(target, above)
  return target.stack
}

/** Sets a property of Error to ours; answers the descriptor before. */
function exchange(name) {
  const before = getOwnPropertyDescriptor(Error, name)
  if (before) setPrototypeOf(before, null)
  defineProperty(Error, name, {
    __proto__: null,
    value: OWN_PROPERTIES[name],
    configurable: true,
    writable: true
  })
  return before
}

function restore(name, before) {
  if (before) defineProperty(Error, name, before)
  else delete Error[name]
}

function withOwnProperties(call, argument) {
  const limit = exchange('stackTraceLimit')
  try {
    const prepare = exchange('prepareStackTrace')
    try {
      return call(argument)
    } finally {
      restore('prepareStackTrace', prepare)
    }
  } finally {
    restore('stackTraceLimit', limit)
  }
}

/** Whether reading the global Error calls no code and answers the original. */
function isErrorPlain() {
  const found = getOwnPropertyDescriptor(realm, 'Error')
  return found && hasOwn(found, 'value') && found.value === Error
}

let fileOf

/**
 * The names, from the innermost frame on. Undefined where there are too many
 * frames, or where they cannot be read.
 */
function scriptsOnStack() {
  if (!isErrorPlain()) return undefined
  const sites = withOwnProperties(captureSites, scriptsOnStack)
  if (sites.length === MOST_FRAMES) return undefined
  for (let i = 0; i < sites.length; i++) sites[i] = fileOf(sites[i])
  return sites
}

function begin() {
  const [site] = withOwnProperties(captureSites)
  fileOf = uncurry(Object.getPrototypeOf(site).getFileName)
  native.setScriptLister(scriptsOnStack)
}

try {
  if (native.canKill()) begin()
} catch {
  // Error is frozen
}

module.exports = { scriptsOnStack }
