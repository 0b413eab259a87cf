// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'

const { withCode } = require('./errors.js')

/** Thrown by the call whose hard limit is used up. */
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

module.exports = { CpuLimitError }
