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

/** Nothing that a killed program has put on a prototype is read or called. */
function define(error, name, value, enumerable) {
  defineProperty(error, name, {
    __proto__: null,
    value,
    enumerable,
    configurable: true,
    writable: true
  })
}

/**
 * Thrown by the call whose hard limit is used up. Its message ends with its
 * code: that is all of it that survives a structured clone.
 */
class CpuLimitError extends Error {
  constructor(limit, used) {
    const text = typeof used === 'number' ? toFixed(used, 3) : used.toFixed(3)
    const message = `the call has used ${text} ms of CPU; its limit is ${limit} ms (${CODE})`
    // Not super(), which calls whatever has been made this class's prototype.
    const error = construct(Error, [message], new.target)
    define(error, 'name', 'CpuLimitError', false)
    withCode(error, CODE)
    define(error, 'limit', limit, true)
    define(error, 'used', used, true)
    return error
  }
}

module.exports = { CpuLimitError }
