// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Whether a timer or the watchdog notices limits. WASMSIG_FIRING in the
// environment sets it for the whole process, when its first thread loads this.

const { environment } = require('./enabled.js')
const native = require('./native.js')

const FIRINGS = ['default', 'timer', 'watchdog'] // numbers of wasmsig_firing

function initialize(requested) {
  const number = FIRINGS.indexOf(requested)
  if (number > 0) return native.initializeFiring(number)
  process.emitWarning(
    `WASMSIG_FIRING must be 'timer' or 'watchdog', not '${requested}'; it is ignored`,
    { code: 'WASMSIG_FIRING' }
  )
}

const requested = environment('WASMSIG_FIRING')
if (requested) initialize(requested)

/** 'timer' or 'watchdog': the one that notices limits in this thread. */
function firing() {
  return FIRINGS[native.firing()]
}

module.exports = { firing }
