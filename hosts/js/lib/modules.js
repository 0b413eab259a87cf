// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What a module says of its words and its memory 0 (docs/protocol.md). Static,
// so it is found once for a module.

const { TWO_MEMORIES } = require('./module-bytes.js')

const {
  Uint8Array,
  getterOf,
  ownMethods,
  weakGet,
  weakSet
} = require('./captured.js')

const { Module, Instance, Memory, Global, validate } = WebAssembly
const { exports: moduleExports, imports: moduleImports } = Module
const globalValue = getterOf(Global.prototype, 'value')
const memoryBuffer = getterOf(Memory.prototype, 'buffer')
const instanceExports = getterOf(Instance.prototype, 'exports')

const WORDS = [
  '__instance_signal',
  '__instance_terminated',
  '__instance_signal_pending'
]

const severalMemories = validate(TWO_MEMORIES)

/** (module (import "" "" (global i32))): takes immutable i32 globals only. */
const i32Global = new Module(
  new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 6, 1, 0, 0, 3, 0x7f, 0])
)

const plans = ownMethods(new WeakMap())
const memoryZeroNames = new WeakMap()

/** Keeps under which name a module exports memory 0, if its bytes told. */
function noteMemoryZero(module, name) {
  if (name !== undefined) weakSet(memoryZeroNames, module, name)
}

function firstOfKind(kind, descriptors) {
  for (let i = 0; i < descriptors.length; i++) {
    if (descriptors[i].kind === kind) return descriptors[i]
  }
  return undefined
}

function exportOfMemoryZero(module, exports) {
  const memory = firstOfKind('memory', exports)
  if (!memory) return { reason: 'no-memory' }
  if (!severalMemories) return { exportName: memory.name }
  const name = weakGet(memoryZeroNames, module)
  return name === undefined
    ? { reason: 'several-memories' }
    : { exportName: name }
}

function isWord(name) {
  return name === WORDS[0] || name === WORDS[1] || name === WORDS[2]
}

/** How many words are exported; -1 if one of them is no global. */
function countWords(exports) {
  let count = 0
  for (let i = 0; i < exports.length; i++) {
    if (!isWord(exports[i].name)) continue
    if (exports[i].kind !== 'global') return -1
    count++
  }
  return count
}

function makePlan(module) {
  const exports = moduleExports(module)
  const words = countWords(exports)
  if (words === 0) return null
  if (words < 0) return { reason: 'not-an-address' }
  const memory = firstOfKind('memory', moduleImports(module))
  return memory
    ? { importModule: memory.module, importName: memory.name }
    : exportOfMemoryZero(module, exports)
}

/**
 * How to find a module's words: null if it exports none; `reason` if it cannot
 * be tracked; else where memory 0 is: `exportName`, or `importModule` and
 * `importName`. Undefined if it is not a module: the engine will say so.
 */
function planOf(module) {
  let plan = plans.get(module)
  if (plan !== undefined) return plan
  try {
    plan = makePlan(module)
    plans.set(module, plan)
  } catch {
    return undefined
  }
  return plan
}

/** The exports of an instance; throws if it is not one. */
function exportsOf(instance) {
  return instanceExports(instance)
}

function isMemory(value) {
  if (typeof value !== 'object' || value === null) return false
  try {
    memoryBuffer(value)
    return true
  } catch {
    return false
  }
}

/** An immutable i32 global, by the engine's own test, in any realm. */
function isAddress(global) {
  try {
    return new Instance(i32Global, { '': { '': global } }) !== undefined
  } catch {
    return false
  }
}

/**
 * The three addresses, unsigned, -1 where there is none; or the reason why
 * they are no addresses. The globals' types are checked once for a module.
 */
function addressesOf(exports, plan) {
  const addresses = [-1, -1, -1]
  for (let i = 0; i < WORDS.length; i++) {
    if (!(WORDS[i] in exports)) continue
    const global = exports[WORDS[i]]
    const value = globalValue(global)
    if (typeof value === 'bigint') return 'memory64'
    if (!plan.checked && !isAddress(global)) return 'not-an-address'
    addresses[i] = value >>> 0
  }
  plan.checked = true
  return addresses
}

module.exports = {
  addressesOf,
  exportsOf,
  isMemory,
  memoryBuffer,
  noteMemoryZero,
  planOf,
  severalMemories
}
