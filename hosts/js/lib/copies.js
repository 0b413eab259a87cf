// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Copies of this package in one process, as npm may install several: each would
// wrap the same functions and handle the same signals. In a thread, the first
// copy is under a symbol of the global object, and the others export what it
// exports. Threads, and realms of their own (node:vm), share the addon that was
// loaded first (native.js). A copy of another version cannot share, and throws:
// what lib/ and the addon pass to each other is the same within one version
// only.

const { isEnabled } = require('./enabled.js')
const { copiesError, place, version } = require('./this-copy.js')

const KEY = Symbol.for('wasmsig')

const own = Object.freeze({
  version,
  place,
  all: () => claimed(require('./api.js')),
  metrics: () => claimed(require('./metrics-api.js')),
  register: () => claimed(require('./install.js')).register(),
  instrument: () => claimed(require('./instrument-namespace.js')).instrument()
})

/** Only a copy that has loaded without an error is the first. */
function claimed(exports) {
  Reflect.defineProperty(globalThis, KEY, {
    __proto__: null,
    value: own,
    configurable: true
  })
  return exports
}

function isCopy(value) {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof value.version === 'string' &&
    typeof value.all === 'function' &&
    typeof value.metrics === 'function' &&
    typeof value.register === 'function' &&
    typeof value.instrument === 'function'
  )
}

/** The copy to use: where the package is disabled, each copy uses itself. */
function first() {
  const found = globalThis[KEY]
  if (!isEnabled || !isCopy(found)) return own
  if (found.version !== version) throw copiesError(found.version, found.place)
  return found
}

module.exports = { first }
