// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What is known of a module before it is instantiated. Where its bytes are
// known, the native reader reports it. Elsewhere the JavaScript API shows less:
// most hosts show no bytes of a module, bytes may use what only the engine
// knows yet, and the addon may not be loaded.

const { isAnyArrayBuffer } = require('node:util').types

const { bytesOf } = require('./buffer-source.js')
const { typeError } = require('./errors.js')
const memoryZero = require('./memory-zero.js')
const native = require('./native.js')
const { Uint8Array, isView } = require('./primordials.js')
const { planOf } = require('./tracking-plan.js')
const { Module } = require('./webassembly.js')
const { WORDS } = require('./words.js')

const { exports: moduleExports, imports: moduleImports } = Module

/** A copy: other code may write to the source meanwhile. */
function copyOf(source) {
  try {
    if (isAnyArrayBuffer(source) || isView(source)) {
      return new Uint8Array(bytesOf(source))
    }
  } catch {
    // detached
  }
  throw typeError('module', 'a WebAssembly.Module or its bytes', source)
}

// ---------------------------------------------- by what the engine shows

function memoryOf(module) {
  const isMemory = ({ kind }) => kind === 'memory'
  const imported = moduleImports(module).find(isMemory)
  if (imported) {
    return { from: 'import', module: imported.module, name: imported.name }
  }
  const name = memoryZero.severalMemories
    ? memoryZero.nameOfMemoryZero(module)
    : moduleExports(module).find(isMemory)?.name
  return name === undefined ? undefined : { from: 'export', name }
}

function wordsOf(module, plan) {
  if (plan?.isOwn) return [...WORDS]
  const names = new Set(moduleExports(module).map(({ name }) => name))
  return WORDS.filter((word) => names.has(word))
}

function reportOfEngine(module) {
  const plan = planOf(module)
  const reason = plan ? plan.reason : 'no-words'
  const memory = plan?.isOwn
    ? { from: 'export', name: plan.exportName }
    : memoryOf(module)
  return {
    tracked: reason === undefined,
    ...(reason !== undefined && { reason }),
    words: wordsOf(module, plan),
    ...(memory && { memory })
  }
}

// ------------------------------------------------------------------ report

function inspectModule(module) {
  const report = memoryZero.moduleBytesAreShown && native.inspectModule(module)
  return report || reportOfEngine(module)
}

/** Throws the engine's error, with the reader's sentence about such bytes. */
function compile(bytes) {
  try {
    return new Module(bytes)
  } catch (error) {
    const why = native.whyRefused(bytes, memoryZero.severalMemories)
    if (why) error.message += `; ${why}`
    throw error
  }
}

/** The engine judges first: what it refuses is no module. */
function inspectBytes(bytes) {
  const module = compile(bytes)
  const report = native.inspectBytes(bytes)
  if (report) return report
  memoryZero.noteMemoryZero(module, memoryZero.memoryZeroOfBytes(bytes))
  return reportOfEngine(module)
}

function inspect(source) {
  return planOf(source) === undefined
    ? inspectBytes(copyOf(source))
    : inspectModule(source)
}

module.exports = { inspect }
