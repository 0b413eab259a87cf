// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The functions that begin sections: native/stack.c takes each frame of their
// script for one of them. So nothing there calls a user's function except by
// native.run and native.limit; what is read of users' objects is read in other
// scripts before.
//
// In a bundle all is one script, the user's functions too. There these functions
// are compiled again from their text, as a script of their own: so they use
// nothing but their parameters.

const native = require('./native.js')
const { NS_PER_MS } = require('./limits.js')
const { withCode } = require('./errors.js')
require('./stack-scripts.js')
const { CpuLimitError } = require('./limit-error.js')
const { mend, remember } = require('./repair-after-kill.js')
const { noteResult } = require('./promise-warning.js')

/** Those that the limits say a kill ends for good. */
function doom({ doomed }) {
  for (let i = 0; i < doomed.length; i++) native.terminateInstance(doomed[i])
}

/** For a budget that JavaScript holds: it was killed. */
function limitError({ handle, limits }) {
  doom(limits)
  return new CpuLimitError(limits.hard, native.used(handle) / NS_PER_MS)
}

function killed(budget, memory) {
  mend(memory)
  return limitError(budget)
}

/** Like killed(), for the call by native.limit that was the last. */
function patternKilled({ limits }, memory) {
  const used = native.lastUsed() / NS_PER_MS
  mend(memory)
  doom(limits)
  return new CpuLimitError(limits.hard, used)
}

function makeSections(native, remember, killed, patternKilled, noteResult) {
  native.noteSections()

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
      return noteResult(result, budget)
    }
  }

  /** A function in a section of a fresh budget like `pattern` each time. */
  function limitSection(pattern, fn) {
    return function (...args) {
      const memory = remember(pattern.limits)
      const result = native.limit(pattern.handle, fn, this, ...args)
      if (result === native.KILLED) throw patternKilled(pattern, memory)
      return noteResult(result, pattern)
    }
  }

  return { runSection, bindSection, limitSection }
}

/** The same function as a script of its own. */
function compiledAlone(make) {
  const { compileFunction } = require('node:vm')
  const filename = 'wasmsig/section.js'
  return compileFunction(`'use strict'\nreturn (${make})`, [], { filename })()
}

/** As a tool may have made the text use what is around it: says so at once. */
function checked(make) {
  const stub = { noteSections() {}, run: () => stub, limit: () => stub }
  const { runSection, bindSection, limitSection } = make(
    stub,
    () => {},
    undefined,
    undefined,
    () => {}
  )
  try {
    runSection({}, undefined, undefined, [])
    bindSection({}).call()
    limitSection({}).call()
    return make
  } catch (cause) {
    const text =
      'wasmsig cannot be bundled by a tool that rewrites its functions (for ' +
      'an older language, or to count coverage): mark it as external'
    throw withCode(new Error(text, { cause }), 'ERR_WASMSIG_BUNDLED')
  }
}

const isInBundle = native.canKill() && native.callersScript() === native.script
const make = isInBundle ? checked(compiledAlone(makeSections)) : makeSections

module.exports = {
  limitError,
  ...make(native, remember, killed, patternKilled, noteResult)
}
