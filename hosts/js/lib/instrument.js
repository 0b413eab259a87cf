// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// node --import wasmsig/instrument app.mjs: instruments what the program
// compiles. types/instrument.d.ts is the manual.

const { isEnabled } = require('./enabled.js')

if (isEnabled) require('./copies.js').first().instrument()
