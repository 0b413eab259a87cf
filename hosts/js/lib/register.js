// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// node --import wasmsig/register app.mjs: installs before any module runs, and
// loads no more than it must.

if (require('./enabled.js').isEnabled) require('./copies.js').first().register()
