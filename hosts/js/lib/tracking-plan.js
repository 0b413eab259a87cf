// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What a module declares of its words and its memory 0
// (docs/explanation/protocol.md). That is the same for all its instances, so it
// is found once for a module.

const {
  moduleBytesAreShown,
  nameOfMemoryZero,
  severalMemories
} = require('./memory-zero.js')
const { Module } = require('./webassembly.js')
const { OWN_MEMORY, WORDS, isTrackedWord } = require('./words.js')

const { exports: moduleExports, imports: moduleImports } = Module

/**
 * How to find the words of a module's instances: `reason` if they cannot be
 * tracked; else where the memory with the words is: `exportName`, or
 * `importModule` and `importName`. Every field is an own property: no property that a program put
 * on Object.prototype is read.
 */
class Plan {
  reason
  exportName
  isOwn = false // it is a memory of the words' own
  importModule
  importName
  importAt // its place among the imports
  importCount // how many imports there are
  importIsAlone // no other import has the same name
  checked = false // whether the first instance has shown the fields below
  wide = false // the memory's addresses are of 64 bits
  largest // bytes that the memory can ever have

  static untracked(reason) {
    const plan = new Plan()
    plan.reason = reason
    return plan
  }

  static exported(name) {
    const plan = new Plan()
    plan.exportName = name
    return plan
  }

  static own() {
    const plan = Plan.exported(OWN_MEMORY)
    plan.isOwn = true
    return plan
  }

  static imported(imports, at) {
    const { module, name } = imports[at]
    const plan = new Plan()
    plan.importModule = module
    plan.importName = name
    plan.importAt = at
    plan.importCount = imports.length
    plan.importIsAlone = count(imports, module, name) === 1
    return plan
  }
}

/** How many imports have a name. */
function count(imports, module, name) {
  let found = 0
  for (let i = 0; i < imports.length; i++) {
    if (imports[i].module === module && imports[i].name === name) found++
  }
  return found
}

function indexOfKind(kind, descriptors) {
  for (let i = 0; i < descriptors.length; i++) {
    if (descriptors[i].kind === kind) return i
  }
  return -1
}

/** A module that imports no memory exports its memory 0, or hides it. */
function planOfExported(module, exports) {
  const at = indexOfKind('memory', exports)
  if (at < 0) return Plan.untracked('no-memory')
  if (!severalMemories) return Plan.exported(exports[at].name)
  const name = nameOfMemoryZero(module)
  if (name !== undefined) return Plan.exported(name)
  return Plan.untracked(moduleBytesAreShown ? 'no-memory' : 'several-memories')
}

/** How many words are exported; -1 if one of them is not a global. */
function countWords(exports) {
  let count = 0
  for (let i = 0; i < exports.length; i++) {
    if (!isTrackedWord(exports[i].name)) continue
    if (exports[i].kind !== 'global') return -1
    count++
  }
  return count
}

/** Whether a module without tracked words has a memory of the words' own. */
function hasOwnMemory(exports) {
  let found = false
  for (let i = 0; i < exports.length; i++) {
    const { kind, name } = exports[i]
    if (name === WORDS[3]) return false
    if (name === OWN_MEMORY && kind === 'memory') found = true
  }
  return found
}

function makePlan(module) {
  const exports = moduleExports(module)
  const words = countWords(exports)
  if (words === 0) return hasOwnMemory(exports) ? Plan.own() : null
  if (words < 0) return Plan.untracked('not-an-address')
  const imports = moduleImports(module)
  const at = indexOfKind('memory', imports)
  return at < 0 ? planOfExported(module, exports) : Plan.imported(imports, at)
}

/** Returns its argument, so that a derived class adds its field to that. */
class Given {
  constructor(object) {
    return object
  }
}

/**
 * A module's plan, as a private field of the module itself: other code cannot
 * see it, and reading it costs less than a map of weak keys does.
 */
class Planned extends Given {
  #plan

  constructor(module, plan) {
    super(module)
    this.#plan = plan
  }

  static planOf(module) {
    return #plan in module ? module.#plan : undefined
  }
}

function planAnew(module) {
  try {
    const plan = makePlan(module)
    new Planned(module, plan)
    return plan
  } catch {
    return undefined
  }
}

/**
 * The plan of a module: null if it exports no words, undefined if it is no
 * module: then the engine throws the error.
 */
function planOf(module) {
  if (typeof module !== 'object' || module === null) return undefined
  const plan = Planned.planOf(module)
  return plan === undefined ? planAnew(module) : plan
}

module.exports = { planOf }
