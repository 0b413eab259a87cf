// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What the functions of wasmsig/metrics answer, and how they load a package
// that the program may not have.

const { withCode } = require('./errors.js')

class Registration {
  #end

  constructor(end) {
    this.#end = end
    if (Symbol.dispose) this[Symbol.dispose] = () => this.unregister()
  }

  /** A second call does nothing. */
  unregister() {
    const end = this.#end
    this.#end = undefined
    end?.()
  }

  get isOver() {
    return this.#end === undefined
  }
}

function missingError(name, what, cause) {
  return withCode(
    new Error(`${name} cannot be loaded: install it, or pass ${what}`, {
      cause
    }),
    'ERR_WASMSIG_NO_PEER'
  )
}

module.exports = { Registration, missingError }
