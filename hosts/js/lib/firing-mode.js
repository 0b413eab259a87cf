// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Who notices a limit: WASMSIG_FIRING in the environment says so for the whole
// process, when the first of its threads loads this.

const native = require('./native.js')
const { said } = require('./enabled.js')

const FIRINGS = ['default', 'timer', 'watchdog'] // numbers of wasmsig_firing

function begin(wanted) {
  const number = FIRINGS.indexOf(wanted)
  if (number > 0) return native.beginFiring(number)
  process.emitWarning(
    `WASMSIG_FIRING must be 'timer' or 'watchdog', not '${wanted}'; it is passed by`,
    { code: 'WASMSIG_FIRING' }
  )
}

const wanted = said('WASMSIG_FIRING')
if (wanted) begin(wanted)

/** 'timer' or 'watchdog': what is in force in this thread. */
function firing() {
  return FIRINGS[native.firing()]
}

module.exports = { firing }
