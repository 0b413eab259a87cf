// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// A warning, once: a function that was run in a section has returned a promise,
// and its later work has no limit.

const { isPromise } = require('node:util/types')

const native = require('./native.js')

/**
 * Whether work of a budget is charged now by runAsync. async-context.js, if it
 * is loaded, replaces the function.
 */
const charged = { by: (budget) => false }

let warned = false

function warn() {
  warned = true
  const instead = native.canKill()
    ? 'use runAsync for it'
    : 'run the guest functions that it calls, each by itself'
  process.emitWarning(
    'a function that was run on a CPU budget has returned a promise: its later ' +
      `work is neither charged nor limited; ${instead}`,
    { code: 'WASMSIG_NOT_LIMITED' }
  )
}

/** Warns if the result of a section of `budget` is a promise; returns it. */
function warnOfPromise(result, budget) {
  if (!warned && isPromise(result) && !charged.by(budget)) warn()
  return result
}

module.exports = { charged, warnOfPromise }
