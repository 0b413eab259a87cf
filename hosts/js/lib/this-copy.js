// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// This copy of the package, and the error for a copy that cannot be used beside
// it.

const { withCode } = require('./errors.js')
const version = require('./version.js')

const place = typeof __dirname === 'string' ? __dirname : 'a bundle'

function copiesError(otherVersion, otherPlace) {
  return withCode(
    new Error(
      `wasmsig ${version} (${place}) cannot be used beside wasmsig ` +
        `${otherVersion} (${otherPlace}) in one process: both would handle the ` +
        'same signals. Have one version installed (npm ls wasmsig, npm dedupe)'
    ),
    'ERR_WASMSIG_COPIES'
  )
}

module.exports = { copiesError, place, version }
