// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The addon: prebuilds/<platform>-<arch>/, or what WASMSIG_PREBUILD names.

const path = require('node:path')

module.exports = require('node-gyp-build')(path.join(__dirname, '..'))
