// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// CpuBudget and limitCpu: they check arguments and run sections.

const native = require('./native.js')
const { hasAborted, killOnAbort } = require('./abort.js')
const { rejectAll, runInContext } = require('./async-context.js')
const { typeError } = require('./errors.js')
const { NS_PER_MS, create, renew } = require('./limits.js')
const { CpuLimitError } = require('./limit-error.js')
const { warnOfPromise } = require('./promise-warning.js')
const { bindSection, limitSection, runSection } = require('./section.js')
const { nameLike } = require('./wrap.js')

const STATES = ['ready', 'running', 'signalled', 'killed']

function checkFunction(fn) {
  if (typeof fn !== 'function') throw typeError('fn', 'a function', fn)
}

/** Ends what runs on the budget, also what waits. */
function kill(own) {
  native.kill(own.handle)
  rejectAll({ budget: own })
}

function withAbort(own, before) {
  const { abort } = own.limits
  if (abort !== undefined && abort !== before) killOnAbort(own, abort, kill)
  return own
}

function killById(id) {
  if (typeof id !== 'number') throw typeError('id', 'the id of a budget', id)
  return native.killById(id)
}

class CpuBudget {
  #own // { handle, limits }

  constructor(limits) {
    this.#own = withAbort(create(limits))
  }

  static #of(budget) {
    if (typeof budget === 'object' && budget !== null && #own in budget) {
      return budget.#own
    }
    throw typeError('this', 'a CpuBudget', budget)
  }

  run(fn, ...args) {
    const own = CpuBudget.#of(this)
    checkFunction(fn)
    return warnOfPromise(runSection(own, fn, undefined, args), own)
  }

  runAsync(fn) {
    const own = CpuBudget.#of(this)
    checkFunction(fn)
    return runInContext(own, fn)
  }

  bind(fn) {
    const own = CpuBudget.#of(this)
    checkFunction(fn)
    return nameLike(bindSection(own, fn), fn)
  }

  reset(limits = {}) {
    const own = CpuBudget.#of(this)
    const before = own.limits.abort
    own.limits = renew(own.handle, limits, own.limits)
    withAbort(own, hasAborted(before) ? undefined : before)
    return this
  }

  kill() {
    kill(CpuBudget.#of(this))
  }

  get id() {
    return native.idOf(CpuBudget.#of(this).handle)
  }

  get used() {
    return native.used(CpuBudget.#of(this).handle) / NS_PER_MS
  }

  get state() {
    return STATES[native.state(CpuBudget.#of(this).handle)]
  }
}

function limitCpu(fn, limits) {
  checkFunction(fn)
  return nameLike(limitSection(withAbort(create(limits)), fn), fn)
}

module.exports = { CpuBudget, CpuLimitError, killById, limitCpu }
