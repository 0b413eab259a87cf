// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The exports of wasmsig/metrics: those of the copy that was loaded first.

module.exports = require('./copies.js').first().metrics()
