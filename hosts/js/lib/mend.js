// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// After a kill went through an async scope of Node's, the scope's id is left on
// Node's stack of them, and the next scope that ends would abort the process
// ("async hook stack has become corrupted"). Node empties that stack when an
// uncaught exception was handled (lib/internal/process/execution.js): so one
// is handled here, by nobody.

const native = require('./native.js')

function forgetAsyncIds() {
  const capture = process.setUncaughtExceptionCaptureCallback
  try {
    capture.call(process, () => {})
  } catch {
    return // the program has such a callback itself
  }
  try {
    process._fatalException(undefined)
  } finally {
    capture.call(process, null)
  }
}

/** After a kill. */
function mend() {
  if (native.isTorn()) forgetAsyncIds()
}

module.exports = { mend }
