// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The package's public face; types/index.d.ts is its manual.

const native = require('./native.js')
const { CpuBudget, CpuLimitError, limitCpu } = require('./budget.js')
const { forward } = require('./forward.js')
const { clear, raise, stats } = require('./instances.js')
const { install, uninstall } = require('./shim.js')
const { SIGNALS } = require('./signals.js')

const capabilities = Object.freeze({
  hardKill: native.canKill() ? 'engine' : 'word',
  asyncContext: false,
  memoryClasses: Object.freeze(['FIXED', 'SHARED'])
})

module.exports = {
  CpuBudget,
  CpuLimitError,
  SIGNALS,
  capabilities,
  clear,
  forward,
  install,
  limitCpu,
  raise,
  stats,
  uninstall
}
