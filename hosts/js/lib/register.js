// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// node --import wasmsig/register app.mjs: installs before any module runs, and
// loads no more than that takes.

if (!require('./enabled.js').isOff) require('./copies.js').first().register()
