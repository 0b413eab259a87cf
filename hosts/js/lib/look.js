// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Whose functions are on the stack, by the names of their scripts. V8's own
// list of frames names functions too, and for the first one of a wasm module it
// reads the names of all: tens of milliseconds, in the middle of a kill. An
// error's list, in which V8 has named nothing yet, is read instead.
//
// It runs inside of an interrupt: nothing in it calls the program's functions.
// Where Error is frozen it fails, and V8's own list is read.

const native = require('./native.js')
const { uncurry } = require('./captured.js')

const { captureStackTrace } = Error
const { defineProperty, getOwnPropertyDescriptor } = Object
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
  const value = SWITCHES[name]
  defineProperty(Error, name, { value, configurable: true, writable: true })
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

let fileOf

/** The scripts' names, the innermost first; undefined where there are more. */
function scripts() {
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
