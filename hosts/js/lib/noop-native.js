// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Replaces the addon in a process where the package is disabled: limited calls
// are plain calls; nothing is limited, tracked, raised or forwarded.

const { apply } = require('./primordials.js')

const plainCall = (_, fn, self, ...args) => apply(fn, self, args)
const nothing = () => 0

const noop = {
  run: plainCall,
  limit: plainCall,
  create: () => ({}),
  stats: (into) =>
    Object.assign(into, {
      FIXED: 0,
      SHARED: 0,
      MOVABLE: 0,
      collected: 0,
      sweeps: 0,
      raises: 0,
      softLimits: 0,
      kills: 0
    }),
  canKill: () => false,
  unsafeStats: (into) => Object.assign(into, { waited: 0, overdue: 0 }),
  isSpent: () => false,
  killById: () => false,
  leftAsyncIds: () => false,
  enterAsync: () => false,
  leaveAsync: () => false,
  namedUse: () => [],
  latenessBounds: () => [],
  firing: () => 2 // the watchdog, which never runs here
}

module.exports = Object.setPrototypeOf(
  noop,
  new Proxy({}, { get: () => nothing })
)
