// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// An imports object that remembers which memories the engine reads from it.
// Only the engine decides what it reads there, and it reads each import once.

const { Proxy, get } = require('./primordials.js')
const { isMemory } = require('./engine-objects.js')

function isObject(value) {
  return (
    (typeof value === 'object' && value !== null) || typeof value === 'function'
  )
}

/**
 * The target is a bare object: invariants of the user's object (frozen
 * properties, say) do not bind the Proxy.
 */
function reading(get) {
  return new Proxy({}, { __proto__: null, get })
}

/**
 * Why the answer of memoryOf is memory 0: the engine reads each import once, in
 * the order of the module (JavaScript API, "read the imports"). So the read at
 * that position is memory 0's, whatever values other imports of the same name
 * have (a global of type externref accepts a memory, too). The engine has read
 * fewer if it makes some imports itself ("builtins"). Then only a name that no
 * other import has is sure; otherwise there is no answer.
 */
class ImportRecorder {
  #reads = 0
  #last // { module, name, value, at, before }: a list that calls no setter

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
    const at = this.#reads++
    if (isMemory(value)) {
      this.#last = { module, name, value, at, before: this.#last }
    }
    return value
  }

  /** The memory that was read where a plan expects memory 0. */
  memoryOf(plan) {
    const inOrder = this.#reads === plan.importCount
    if (!inOrder && !plan.importIsAlone) return undefined
    let one = this.#last
    while (one && !isOf(one, plan, inOrder)) one = one.before
    return one?.value
  }
}

function isOf({ module, name, at }, plan, inOrder) {
  const same = module === plan.importModule && name === plan.importName
  return same && (!inOrder || at === plan.importAt)
}

module.exports = { ImportRecorder, isObject }
