// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// A warning, once: what returns a promise to a section goes on without it.

const { isPromise } = require('node:util/types')

const native = require('./native.js')

/** async-context.js's, if it is loaded: whether work of this budget is charged now. */
const charged = { by: (budget) => false }

let warned = false

function warn() {
  warned = true
  const instead = native.canKill()
    ? 'use runAsync for it'
    : 'run the guest functions that it calls, each by itself'
  process.emitWarning(
    'a function that was run on a CPU budget has returned a promise: what goes ' +
      `on later is neither charged nor limited; ${instead}`,
    { code: 'WASMSIG_NOT_LIMITED' }
  )
}

/** What a section of `budget` has given; hands it on. */
function noteResult(result, budget) {
  if (!warned && isPromise(result) && !charged.by(budget)) warn()
  return result
}

module.exports = { charged, noteResult }
