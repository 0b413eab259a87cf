// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'

const { defineProperty, toFixed } = require('./captured.js')
const { withCode } = require('./errors.js')

const CODE = 'ERR_WASMSIG_CPU_LIMIT'

/**
 * Thrown by the call whose hard limit is used up. Its message ends with its
 * code: that is all of it that survives a structured clone.
 */
class CpuLimitError extends Error {
  constructor(limit, used) {
    const text = typeof used === 'number' ? toFixed(used, 3) : used.toFixed(3)
    super(
      `the call has used ${text} ms of CPU; its limit is ${limit} ms (${CODE})`
    )
    defineProperty(this, 'name', {
      value: 'CpuLimitError',
      configurable: true,
      writable: true
    })
    withCode(this, CODE)
    this.limit = limit
    this.used = used
  }
}

module.exports = { CpuLimitError }
