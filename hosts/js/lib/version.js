// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'

module.exports = '0.1.0' // as in package.json and in the addon
