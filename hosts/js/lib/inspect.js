// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What can be told of a module before it is instantiated.

const { isAnyArrayBuffer, isDataView } = require('node:util').types

const { typeError } = require('./errors.js')
const { exportedMemoryZero } = require('./module-bytes.js')
const modules = require('./modules.js')
const { Uint8Array, getterOf, isView } = require('./captured.js')

const { Module } = WebAssembly
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

function compile(source) {
  const bytes = copyOf(source)
  const module = new Module(bytes)
  const memoryZero = exportedMemoryZero(bytes)
  modules.noteMemoryZero(module, memoryZero)
  return { module, memoryZero }
}

// ------------------------------------------------------------------ report

function memoryOf(plan) {
  if (plan.importModule !== undefined) {
    const { importModule: module, importName: name } = plan
    return { from: 'import', module, name }
  }
  return plan.exportName === undefined
    ? undefined
    : { from: 'export', name: plan.exportName }
}

/** Of a module without words, of which there is no plan. */
function memoryWithoutPlan(module, memoryZero) {
  const isMemory = ({ kind }) => kind === 'memory'
  const imported = moduleImports(module).find(isMemory)
  if (imported) {
    return { from: 'import', module: imported.module, name: imported.name }
  }
  const name = modules.severalMemories
    ? (memoryZero ?? modules.nameOfMemoryZero(module))
    : moduleExports(module).find(isMemory)?.name
  return name === undefined ? undefined : { from: 'export', name }
}

/** What can be told of a module, or of its bytes. */
function inspect(source) {
  const isModule = modules.planOf(source) !== undefined
  const compiled = isModule ? { module: source } : compile(source)
  const { module, memoryZero } = compiled
  const plan = modules.planOf(module)
  const names = new Set(moduleExports(module).map(({ name }) => name))
  const reason = plan ? plan.reason : 'no-words'
  const memory = plan ? memoryOf(plan) : memoryWithoutPlan(module, memoryZero)
  return {
    tracked: reason === undefined,
    ...(reason !== undefined && { reason }),
    words: modules.WORDS.filter((word) => names.has(word)),
    ...(memory && { memory })
  }
}

module.exports = { inspect }
