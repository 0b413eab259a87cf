// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The package's public face: that of the copy that came first.

module.exports = require('./copies.js').first().all()
