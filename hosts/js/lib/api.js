// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What the package exports; types/index.d.ts is its manual.

const native = require('./native.js')
const { isPossible } = require('./async-context.js')
const { CpuBudget, CpuLimitError, killById, limitCpu } = require('./budget.js')
const { forward } = require('./forward.js')
const { inspect } = require('./inspect.js')
const { clear, raise, stats, terminate } = require('./instances.js')
const { install, uninstall } = require('./install.js')
const { SIGNALS } = require('./signals.js')
const { isSupported } = require('./system.js')
const { track } = require('./tracked-buffers.js')

const capabilities = Object.freeze({
  supported: isSupported,
  hardKill: native.canKill() ? 'engine' : 'word',
  asyncContext: isPossible,
  memoryClasses: Object.freeze(['FIXED', 'SHARED', 'MOVABLE'])
})

module.exports = {
  CpuBudget,
  CpuLimitError,
  SIGNALS,
  capabilities,
  clear,
  forward,
  inspect,
  install,
  kill: killById,
  limitCpu,
  raise,
  stats,
  terminate,
  track,
  uninstall
}
