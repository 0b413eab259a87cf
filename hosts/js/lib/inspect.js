// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What can be told of a module before it is instantiated. Where its bytes are
// known, the native reader tells it; where they are not (most hosts keep those
// of a module to themselves), or use what only the engine knows yet, or the
// addon is not loaded, less can be told: by what the JavaScript API shows.

const { isAnyArrayBuffer, isDataView } = require('node:util').types

const { typeError } = require('./errors.js')
const { exportedMemoryZero } = require('./module-bytes.js')
const modules = require('./modules.js')
const native = require('./native.js')
const { Uint8Array, getterOf, isView } = require('./primordials.js')

const { Module } = require('./webassembly.js')
const { exports: moduleExports, imports: moduleImports } = Module

// ------------------------------------------------------------------- bytes

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype)

/** How to see through a view: its buffer, offset and length. */
function viewer(prototype) {
  const [buffer, offset, length] = ['buffer', 'byteOffset', 'byteLength'].map(
    (name) => getterOf(prototype, name)
  )
  return (view) => new Uint8Array(buffer(view), offset(view), length(view))
}

const ofTypedArray = viewer(TypedArray)
const ofDataView = viewer(DataView.prototype)

function viewOf(source) {
  if (isAnyArrayBuffer(source)) return new Uint8Array(source)
  return isDataView(source) ? ofDataView(source) : ofTypedArray(source)
}

/** A copy: others may write to the source meanwhile. */
function copyOf(source) {
  try {
    if (isAnyArrayBuffer(source) || isView(source)) {
      return new Uint8Array(viewOf(source))
    }
  } catch {
    // detached
  }
  throw typeError('module', 'a WebAssembly.Module or its bytes', source)
}

// ------------------------------------------------ by what the engine shows

function memoryOf(module) {
  const isMemory = ({ kind }) => kind === 'memory'
  const imported = moduleImports(module).find(isMemory)
  if (imported) {
    return { from: 'import', module: imported.module, name: imported.name }
  }
  const name = modules.severalMemories
    ? modules.nameOfMemoryZero(module)
    : moduleExports(module).find(isMemory)?.name
  return name === undefined ? undefined : { from: 'export', name }
}

function reportOfEngine(module) {
  const plan = modules.planOf(module)
  const names = new Set(moduleExports(module).map(({ name }) => name))
  const reason = plan ? plan.reason : 'no-words'
  const memory = memoryOf(module)
  return {
    tracked: reason === undefined,
    ...(reason !== undefined && { reason }),
    words: modules.WORDS.filter((word) => names.has(word)),
    ...(memory && { memory })
  }
}

// ------------------------------------------------------------------ report

function inspectModule(module) {
  const report = modules.headsAreTold && native.inspectModule(module)
  return report || reportOfEngine(module)
}

/** The engine's error, and what the reader makes of such bytes. */
function compile(bytes) {
  try {
    return new Module(bytes)
  } catch (error) {
    const why = native.whyRefused(bytes)
    if (why) error.message += `; ${why}`
    throw error
  }
}

/** The engine judges first: what it refuses is no module. */
function inspectBytes(bytes) {
  const module = compile(bytes)
  const report = native.inspectBytes(bytes)
  if (report) return report
  modules.noteMemoryZero(module, exportedMemoryZero(bytes))
  return reportOfEngine(module)
}

/** What can be told of a module, or of its bytes. */
function inspect(source) {
  return modules.planOf(source) === undefined
    ? inspectBytes(copyOf(source))
    : inspectModule(source)
}

module.exports = { inspect }
