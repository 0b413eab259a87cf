// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The package's exports: those of the copy that was loaded first.

/** In ES modules, esbuild replaces require() by one that loads nothing. */
function checkRequire() {
  try {
    require('node:util')
  } catch (cause) {
    const text =
      'wasmsig cannot be bundled into an ES module that has no require(): mark ' +
      'it as external (esbuild --external:wasmsig), or define one in a banner'
    throw Object.assign(new Error(text, { cause }), {
      code: 'ERR_WASMSIG_BUNDLED'
    })
  }
}

checkRequire()

module.exports = require('./copies.js').first().all()
