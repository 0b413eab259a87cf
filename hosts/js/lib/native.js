// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The addon: prebuilds/<platform>-<arch>/, or what WASMSIG_PREBUILD names.

const { existsSync } = require('node:fs')
const path = require('node:path')

const { isOff } = require('./switch.js')

/**
 * The one file of this system, where it lies in a package; node-gyp-build finds
 * it too, and any other, but reads folders for that.
 */
function usualFile() {
  const platform = `${process.platform}-${process.arch}`
  const file = path.join(
    __dirname,
    '../prebuilds',
    platform,
    'wasmsig.glibc.node'
  )
  return existsSync(file) && !existsSync('/etc/alpine-release')
    ? file
    : undefined
}

function load() {
  const file = process.env.WASMSIG_PREBUILD ? undefined : usualFile()
  return file
    ? require(file)
    : require('node-gyp-build')(path.join(__dirname, '..'))
}

module.exports = isOff ? require('./off.js') : load()
