// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// An imports object that remembers which memories the engine reads from it.
// The engine alone decides what it reads there, and reads it once.

const { Proxy, get } = require('./primordials.js')
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

/**
 * Why what memoryOf answers is memory 0: the engine reads each import once, in
 * the order of the module (JavaScript API, "read the imports"), so the read of
 * that number is memory 0's, whatever other imports of the same name were given
 * (a global of type externref takes a memory, too). Where the engine has read
 * fewer, as it makes some itself ("builtins"), only a name that no other import
 * has tells; elsewise there is no answer.
 */
class Recorder {
  #reads = 0
  #last // { module, name, value, at, before }: a list: no setter is met

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

  /** What was read where a plan says that memory 0 is. */
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

module.exports = { Recorder, isObject }
