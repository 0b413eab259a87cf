// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'

/** What the user can correct: its message is a whole sentence for them. */
class WorkerdError extends Error {
  constructor(message) {
    super(message)
    this.name = 'WorkerdError'
    this.code = 'ERR_WASMSIG_WORKERD'
  }
}

/** Wrong usage of the command, or a wrong argument of a function. */
class UsageError extends WorkerdError {}

module.exports = { UsageError, WorkerdError }
