// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The functions that begin sections: native/stack.c takes each frame of this
// script for one of them. So nothing here calls a user's function except by
// native.run and native.limit; what is read of users' objects is read in other
// scripts before.

const native = require('./native.js')
const { NS_PER_MS } = require('./limits.js')
const { CpuLimitError } = require('./limit-error.js')
const { mend, remember } = require('./mend.js')

native.noteSections()

/** For a budget that JavaScript holds. */
function limitError({ handle, limits }) {
  return new CpuLimitError(limits.hard, native.used(handle) / NS_PER_MS)
}

function killed(budget, memory) {
  mend(memory)
  return limitError(budget)
}

/** fn(...args) in a section of `budget`: { handle, limits }. */
function runSection(budget, fn, self, args) {
  const memory = remember(budget.limits)
  const result = native.run(budget.handle, fn, self, ...args)
  if (result === native.KILLED) throw killed(budget, memory)
  return result
}

/** A function that is always in a section of `budget`. */
function bindSection(budget, fn) {
  return function (...args) {
    const memory = remember(budget.limits)
    const result = native.run(budget.handle, fn, this, ...args)
    if (result === native.KILLED) throw killed(budget, memory)
    return result
  }
}

/** A function that is in a section of a fresh budget like `pattern` each time. */
function limitSection(pattern, fn) {
  return function (...args) {
    const memory = remember(pattern.limits)
    const result = native.limit(pattern.handle, fn, this, ...args)
    if (result !== native.KILLED) return result
    const used = native.lastUsed() / NS_PER_MS
    mend(memory)
    throw new CpuLimitError(pattern.limits.hard, used)
  }
}

module.exports = { bindSection, limitError, limitSection, runSection }
