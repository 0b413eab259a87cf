// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'

const {
  Error,
  construct,
  defineProperty,
  toFixed
} = require('./primordials.js')
const { withCode } = require('./errors.js')

const CODE = 'ERR_WASMSIG_CPU_LIMIT'

/** Reads and calls nothing that a killed program has put on a prototype. */
function define(error, name, value, enumerable) {
  defineProperty(error, name, {
    __proto__: null,
    value,
    enumerable,
    configurable: true,
    writable: true
  })
}

// By wasmsig_limit. WASMSIG_LIMIT_NONE: a kill that the core has not acted on
// yet, as no section of the budget runs.
const REASONS = ['kill', 'hard', 'wall', 'kill']

/** What has happened, without the code. */
function describe(limit, text, reason) {
  if (reason === 'wall') {
    return `the call has passed its wall limit of ${limit} ms, with ${text} ms of CPU used`
  }
  if (reason === 'kill') {
    return `the call was killed, with ${text} ms of CPU used`
  }
  return `the call has used ${text} ms of CPU; its limit is ${limit} ms`
}

/**
 * Thrown by the call whose hard or wall limit has passed, or whose budget was
 * killed. Its message ends with its
 * code, as a structured clone keeps the message only.
 */
class CpuLimitError extends Error {
  constructor(limit, used, reason = 'hard') {
    const text = typeof used === 'number' ? toFixed(used, 3) : used.toFixed(3)
    const message = `${describe(limit, text, reason)} (${CODE})`
    // Not super(), which calls the prototype of this class: a program may have
    // replaced that.
    const error = construct(Error, [message], new.target)
    define(error, 'name', 'CpuLimitError', false)
    withCode(error, CODE)
    define(error, 'limit', limit, true)
    define(error, 'used', used, true)
    define(error, 'reason', reason, true)
    return error
  }
}

/** The error of a killed budget: `ended` is its wasmsig_limit. */
function limitErrorOf(limits, used, ended) {
  const reason = REASONS[ended]
  const limit = reason === 'kill' ? undefined : limits[reason]
  return new CpuLimitError(limit, used, reason)
}

module.exports = { CpuLimitError, limitErrorOf }
