// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What budgets of the same name have used together, in all threads.

const native = require('./native.js')

const NS_PER_MS = 1e6
const inMs = (ns) => ns / NS_PER_MS

const bounds = native.latenessBounds().map(inMs)

/** A row of native/named_use.c as stats() shows it. */
function shown(row) {
  const [name, cpu, sections, softLimits, hard, wall, kill, late, ...counts] =
    row
  return {
    name,
    cpu: inMs(cpu),
    sections,
    softLimits,
    kills: { hard, wall, kill },
    lateness: { bounds: [...bounds], counts, sum: inMs(late) }
  }
}

/** By name, in the order of the names' first use. */
function namedUse() {
  return native.namedUse().map(shown)
}

module.exports = { namedUse }
