// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The systems that the package has an addon for. On any other one it is as with
// WASMSIG=off, and says so: a project runs on Linux, and is developed on laptops.

const NAMES = ['linux-x64', 'linux-arm64']
const SYSTEM = `${process.platform}-${process.arch}`

const isSupported = NAMES.includes(SYSTEM)

const WARNED = 'wasmsig: this system is not supported'

/** What a thread has set here, the workers that it starts find, and all copies. */
function isFirst() {
  const {
    getEnvironmentData,
    setEnvironmentData
  } = require('node:worker_threads')
  if (getEnvironmentData(WARNED)) return false
  setEnvironmentData(WARNED, true)
  return true
}

/**
 * Once in a process, if its main thread is the first that loads the package. No
 * memory is common to workers that it starts before: each of them warns.
 */
function warnOfSystem() {
  if (!isFirst()) return
  process.emitWarning(
    `wasmsig does nothing on ${SYSTEM}: no call is limited, and no guest is ` +
      `signalled, as with WASMSIG=off. It works on ${NAMES.join(' and ')}`,
    { code: 'WASMSIG_UNSUPPORTED' }
  )
}

module.exports = { SYSTEM, isSupported, warnOfSystem }
