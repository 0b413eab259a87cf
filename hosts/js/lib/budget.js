// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// CPU budgets: checked limits, and errors for calls that were killed.

const native = require('./native.js')
const { rangeError, typeError, withCode } = require('./errors.js')
const { idsOf } = require('./instances.js')
const { SIGNALS, signalNumber } = require('./signals.js')

const NS_PER_MS = 1e6
const MOST_MS = 2 ** 53 / NS_PER_MS
const ABSENT = -1
const STATES = ['ready', 'running', 'signalled', 'killed']

class CpuLimitError extends Error {
  constructor(limit, used) {
    super(
      `the call has used ${used.toFixed(3)} ms of CPU; its limit is ${limit} ms`
    )
    Object.defineProperty(this, 'name', {
      value: 'CpuLimitError',
      configurable: true,
      writable: true
    })
    withCode(this, 'ERR_WASMSIG_CPU_LIMIT')
    this.limit = limit
    this.used = used
  }
}

// ------------------------------------------------------------------ limits

function checkMs(value, what) {
  if (value === undefined) return undefined
  if (typeof value !== 'number') {
    throw typeError(what, 'a number of milliseconds', value)
  }
  if (!(value > 0 && value <= MOST_MS)) {
    throw rangeError(what, `more than 0 and at most ${MOST_MS} ms`, value)
  }
  return value
}

/** { soft, hard, signal } of limits, or of `before` where they say nothing. */
function checkLimits(limits, before) {
  if (typeof limits !== 'object' || limits === null) {
    throw typeError('limits', 'an object', limits)
  }
  const soft = checkMs(limits.soft, 'limits.soft') ?? before.soft
  const hard = checkMs(limits.hard, 'limits.hard') ?? before.hard
  if (soft > hard) {
    throw rangeError('limits.soft', `at most limits.hard (${hard})`, soft)
  }
  const { signal = before.signal } = limits
  return { soft, hard, signal: signalNumber(signal) }
}

const DEFAULTS = { soft: undefined, hard: undefined, signal: SIGNALS.SIGXCPU }

function inNs(ms) {
  return ms === undefined ? ABSENT : Math.max(1, Math.ceil(ms * NS_PER_MS))
}

function toNative({ soft, hard, signal }) {
  return [inNs(soft), inNs(hard), signal]
}

/** Checks everything, then makes the budget, or the pattern of one. */
function create(limits) {
  const checked = checkLimits(limits, DEFAULTS)
  const { instances } = limits
  const ids =
    instances === undefined ? undefined : idsOf(instances, 'limits.instances')
  return { checked, handle: native.create(...toNative(checked), ids) }
}

function checkFunction(fn) {
  if (typeof fn !== 'function') throw typeError('fn', 'a function', fn)
}

function limitError(limit) {
  return new CpuLimitError(limit, native.lastUsed() / NS_PER_MS)
}

// ----------------------------------------------------------------- budgets

class CpuBudget {
  #handle
  #limits

  constructor(limits) {
    const { checked, handle } = create(limits)
    this.#handle = handle
    this.#limits = checked
  }

  run(fn, ...args) {
    checkFunction(fn)
    const result = native.run(this.#handle, fn, undefined, ...args)
    if (result === native.KILLED) throw limitError(this.#limits.hard)
    return result
  }

  reset(limits = {}) {
    const checked = checkLimits(limits, this.#limits)
    if (limits.instances !== undefined) {
      throw typeError(
        'limits.instances',
        'left out of a reset',
        limits.instances
      )
    }
    native.reset(this.#handle, ...toNative(checked))
    this.#limits = checked
    return this
  }

  get used() {
    return native.used(this.#handle) / NS_PER_MS
  }

  get state() {
    return STATES[native.state(this.#handle)]
  }
}

function limitCpu(fn, limits) {
  checkFunction(fn)
  const { checked, handle } = create(limits)
  const limited = function (...args) {
    const result = native.limit(handle, fn, this, ...args)
    if (result === native.KILLED) throw limitError(checked.hard)
    return result
  }
  for (const name of ['name', 'length']) {
    Object.defineProperty(limited, name, {
      value: fn[name],
      configurable: true
    })
  }
  return limited
}

module.exports = { CpuBudget, CpuLimitError, limitCpu }
