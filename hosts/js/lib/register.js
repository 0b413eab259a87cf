// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// node --import wasmsig/register app.mjs: installs before any module runs.

require('./index.js').install()
