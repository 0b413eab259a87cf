// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// An imports object that remembers which memories the engine reads from it.
// The engine alone decides what it reads there, and reads it once.

const { Proxy, get } = require('./captured.js')
const { isMemory } = require('./modules.js')

function isObject(value) {
  return (
    (typeof value === 'object' && value !== null) || typeof value === 'function'
  )
}

/**
 * A bare object as target: whatever the user's object promises of its
 * properties (frozen ones, say) does not bind this one.
 */
function reading(get) {
  return new Proxy({}, { __proto__: null, get })
}

class Recorder {
  #last // { module, name, value, before }: a list, no array: no setter is met

  constructor(imports) {
    this.imports = reading((_, name) =>
      this.#moduleAt(name, get(imports, name, imports))
    )
  }

  #moduleAt(module, names) {
    if (!isObject(names)) return names
    return reading((_, name) =>
      this.#note(module, name, get(names, name, names))
    )
  }

  #note(module, name, value) {
    if (isMemory(value)) {
      this.#last = { module, name, value, before: this.#last }
    }
    return value
  }

  /** What was read first where a plan says that memory 0 is. */
  memoryOf(plan) {
    let found
    for (let at = this.#last; at; at = at.before) {
      const { module, name } = at
      if (module === plan.importModule && name === plan.importName) found = at
    }
    return found?.value
  }
}

module.exports = { Recorder, isObject }
