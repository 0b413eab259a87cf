// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The functions that begin sections. native/stack.c counts each frame of their
// script as a section. So no function there calls a user's function except by
// native.run and native.limit, and users' objects are read in other scripts
// before.
//
// In a bundle all code is one script, including the user's. There these
// functions are compiled again from their text, as a script of their own: so
// they use nothing but their parameters.

const native = require('./native.js')
const { withCode } = require('./errors.js')
const { limitErrorOf } = require('./limit-error.js')
const { NS_PER_MS } = require('./limits.js')
const { warnOfPromise } = require('./promise-warning.js')
const { repairAfterKill, saveStores } = require('./repair-after-kill.js')
require('./stack-scripts.js')

/** Ends the instances that the limits name for that, for good. */
function terminateInstances({ terminated }) {
  for (let i = 0; i < terminated.length; i++) {
    native.terminateInstance(terminated[i])
  }
}

/** For a killed budget that JavaScript holds. */
function limitError({ handle, limits }) {
  terminateInstances(limits)
  const used = native.used(handle) / NS_PER_MS
  return limitErrorOf(limits, used, native.limitOf(handle))
}

/** After a kill of native.run. */
function killed(budget, saved) {
  repairAfterKill(saved)
  return limitError(budget)
}

/** After a kill of native.limit, which was the last kill. */
function patternKilled({ limits }, saved) {
  const used = native.lastUsed() / NS_PER_MS
  const ended = native.lastLimit()
  repairAfterKill(saved)
  terminateInstances(limits)
  return limitErrorOf(limits, used, ended)
}

function makeSections(
  native,
  saveStores,
  killed,
  patternKilled,
  warnOfPromise
) {
  native.noteSectionScript()

  /** fn(...args) in a section of `budget`: { handle, limits }. */
  function runSection(budget, fn, self, args) {
    const saved = saveStores(budget.limits)
    const result = native.run(budget.handle, fn, self, ...args)
    if (result === native.KILLED) throw killed(budget, saved)
    return result
  }

  /** A function that is always in a section of `budget`. */
  function bindSection(budget, fn) {
    return function (...args) {
      const saved = saveStores(budget.limits)
      const result = native.run(budget.handle, fn, this, ...args)
      if (result === native.KILLED) throw killed(budget, saved)
      return warnOfPromise(result, budget)
    }
  }

  /** A function in a section of a fresh budget like `pattern` each time. */
  function limitSection(pattern, fn) {
    return function (...args) {
      const saved = saveStores(pattern.limits)
      const result = native.limit(pattern.handle, fn, this, ...args)
      if (result === native.KILLED) throw patternKilled(pattern, saved)
      return warnOfPromise(result, pattern)
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

/** A tool may have made the text use variables around it: throws at once. */
function checked(make) {
  const stub = { noteSectionScript() {}, run: () => stub, limit: () => stub }
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
  ...make(native, saveStores, killed, patternKilled, warnOfPromise)
}
