// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Between the shim, which sees what an import returns to a guest that may wait
// for it (WebAssembly.Suspending), and async.js, if that is loaded.

const { isPromise } = require('node:util/types')
const { apply } = require('./captured.js')

const listener = { note: undefined } // function(promise)

/** `fn` as an import; what it returns is noted where `installation` is active. */
function noting(fn, installation) {
  return function (...args) {
    const result = apply(fn, this, args)
    if (listener.note && installation.active && isPromise(result)) {
      listener.note(result)
    }
    return result
  }
}

module.exports = { listener, noting }
