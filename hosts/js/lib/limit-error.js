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

/**
 * Thrown by the call whose hard limit is used up. Its message ends with its
 * code, as a structured clone keeps the message only.
 */
class CpuLimitError extends Error {
  constructor(limit, used) {
    const text = typeof used === 'number' ? toFixed(used, 3) : used.toFixed(3)
    const message = `the call has used ${text} ms of CPU; its limit is ${limit} ms (${CODE})`
    // Not super(), which calls the prototype of this class: a program may have
    // replaced that.
    const error = construct(Error, [message], new.target)
    define(error, 'name', 'CpuLimitError', false)
    withCode(error, CODE)
    define(error, 'limit', limit, true)
    define(error, 'used', used, true)
    return error
  }
}

module.exports = { CpuLimitError }
