// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Copies of this package in one process, as npm may install several: each would
// wrap the same functions and handle the same signals. In a thread the copy that
// came first is under a symbol of the global object, and the others hand out
// what it has. Threads, and realms of their own (node:vm), share the addon that
// was loaded first (native.js). A copy of another version cannot share, and says
// so: what lib/ and the addon say to each other is the same in one version only.

const { withCode } = require('./errors.js')
const { isOff } = require('./enabled.js')
const version = require('./version.js')

const KEY = Symbol.for('wasmsig')

const own = Object.freeze({
  version,
  place: typeof __dirname === 'string' ? __dirname : 'a bundle',
  all: () => claimed(require('./api.js')),
  register: () => claimed(require('./shim.js')).register()
})

/** Only a copy that could be loaded is the first. */
function claimed(exports) {
  Reflect.defineProperty(globalThis, KEY, {
    __proto__: null,
    value: own,
    configurable: true
  })
  return exports
}

function copiesError(there, place) {
  return withCode(
    new Error(
      `wasmsig ${version} (${own.place}) cannot be used beside wasmsig ` +
        `${there} (${place}) in one process: both would handle the same ` +
        'signals. Have one version installed (npm ls wasmsig, npm dedupe)'
    ),
    'ERR_WASMSIG_COPIES'
  )
}

function isCopy(value) {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof value.version === 'string' &&
    typeof value.all === 'function' &&
    typeof value.register === 'function'
  )
}

/** The copy to be used: in a process where all is off each is its own. */
function first() {
  const there = globalThis[KEY]
  if (isOff || !isCopy(there)) return own
  if (there.version !== version) throw copiesError(there.version, there.place)
  return there
}

module.exports = { copiesError, first }
