// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Instances and memories of the engine, of any realm. Reading them calls no
// code of the program.

const { getterOf, ownKeys } = require('./primordials.js')
const { Instance, Memory, Module } = require('./webassembly.js')
const { OWN_MEMORY, WORDS } = require('./words.js')

const { exports: moduleExports } = Module

/** These throw for any other object. */
const exportsOf = getterOf(Instance.prototype, 'exports')
const memoryBuffer = getterOf(Memory.prototype, 'buffer')

function isAccepted(getter, value) {
  if (typeof value !== 'object' || value === null) return false
  try {
    getter(value)
    return true
  } catch {
    return false
  }
}

const isInstance = (value) => isAccepted(exportsOf, value)
const isMemory = (value) => isAccepted(memoryBuffer, value)

/** Whether it exports words, or perhaps a memory of the words' own. */
function exportsWords(instance) {
  const exports = exportsOf(instance)
  return (
    WORDS[0] in exports ||
    WORDS[1] in exports ||
    WORDS[2] in exports ||
    OWN_MEMORY in exports
  )
}

/** Whether an instance can be one of a module: it exports the same names. */
function canBeOf(instance, module) {
  const exports = exportsOf(instance)
  const expected = moduleExports(module)
  if (ownKeys(exports).length !== expected.length) return false
  for (let i = 0; i < expected.length; i++) {
    if (!(expected[i].name in exports)) return false
  }
  return true
}

module.exports = {
  canBeOf,
  exportsOf,
  exportsWords,
  isInstance,
  isMemory,
  memoryBuffer
}
