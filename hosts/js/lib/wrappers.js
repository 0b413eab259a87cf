// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Wrappers for the engine's functions of WebAssembly that make instances.
//
// Each wrapper passes everything on unchanged, and reads the result. Where a
// module may import its memory, the engine receives the imports object inside a
// recorder, because only the engine decides what it reads there. Functions that
// other code has put in the place of the engine's have other wrappers
// (wrap-replacements.js).
//
// A wrapper whose installation has ended only passes everything on. It may
// still be called by a wrapper that other code has put around it.

const native = require('./native.js')
const { exportsWords } = require('./engine-objects.js')
const { ImportRecorder, isObject } = require('./import-recorder.js')
const { adopt } = require('./instances.js')
const {
  bytesAreNeeded,
  memoryZeroOfBytes,
  noteMemoryZero
} = require('./memory-zero.js')
const { apply, construct } = require('./primordials.js')
const { whenFulfilled } = require('./promise-hook.js')
const { noteResults } = require('./suspensions.js')
const { planOf } = require('./tracking-plan.js')
const { wrapClass, wrapFunction } = require('./wrap.js')

function neededMemoryZero(bytes) {
  return bytesAreNeeded ? memoryZeroOfBytes(bytes) : undefined
}

function traceBegin() {
  return native.isTraced ? native.traceNow() : undefined
}

/** A compilation that fails is not in the trace. */
function traceCompiled(begin, isAsync) {
  if (begin !== undefined) native.traceCompiled(begin, isAsync)
}

function recorderFor(plan, imports) {
  const imported = plan.importModule !== undefined
  return imported && isObject(imports) ? new ImportRecorder(imports) : undefined
}

/** The same arguments with other imports. Engines read no more than three. */
function withImports(args, imports) {
  return args.length < 3 ? [args[0], imports] : [args[0], imports, args[2]]
}

function wrapInstance(Target, installation) {
  function adopted(plan, module, imports, newTarget) {
    const recorder = recorderFor(plan, imports)
    const passed = recorder ? recorder.imports : imports
    const instance = construct(Target, [module, passed], newTarget)
    adopt(instance, plan, recorder?.memoryOf(plan))
    return instance
  }

  // The usual case makes nothing but the instance: no list of arguments, and no
  // second argument that was not passed.
  class Instance extends null {
    constructor(module, imports) {
      const plan = installation.active ? planOf(module) : undefined
      if (plan) return adopted(plan, module, imports, new.target)
      if (new.target !== wrapper) {
        return construct(Target, [module, imports], new.target)
      }
      return imports === undefined
        ? new Target(module)
        : new Target(module, imports)
    }
  }

  const wrapper = wrapClass(Instance, Target)
  return wrapper
}

/** instantiate(module, imports) */
function instantiateModule(target, args, plan, installation) {
  if (!plan) return apply(target, undefined, args)
  const recorder = args.length > 1 ? recorderFor(plan, args[1]) : undefined
  const passed = recorder ? withImports(args, recorder.imports) : args
  const promise = apply(target, undefined, passed)
  return whenFulfilled(promise, installation, (instance) => {
    adopt(instance, plan, recorder?.memoryOf(plan))
  })
}

/**
 * instantiate(bytes, imports), and from a stream. Nothing is known of the
 * module before it is compiled, so everything that the engine reads is
 * recorded.
 */
function instantiateSource(target, args, memoryZero, installation) {
  const given = args.length > 1 && isObject(args[1])
  const recorder = given ? new ImportRecorder(args[1]) : undefined
  const passed = recorder ? withImports(args, recorder.imports) : args
  const begin = traceBegin()
  const promise = apply(target, undefined, passed)
  return whenFulfilled(promise, installation, ({ module, instance }) => {
    traceCompiled(begin, true)
    noteMemoryZero(module, memoryZero)
    if (!exportsWords(instance)) return
    const plan = planOf(module)
    if (plan) adopt(instance, plan, recorder?.memoryOf(plan))
  })
}

/** The bytes are read at once, as they may change later. */
function wrapInstantiate(original, installation) {
  const instantiate = (...args) => {
    if (!installation.active || args.length === 0) {
      return apply(original, undefined, args)
    }
    const plan = planOf(args[0])
    if (plan !== undefined) {
      return instantiateModule(original, args, plan, installation)
    }
    const memoryZero = neededMemoryZero(args[0])
    return instantiateSource(original, args, memoryZero, installation)
  }
  return wrapFunction(instantiate, original)
}

function wrapInstantiateStreaming(original, installation) {
  const instantiateStreaming = (...args) =>
    installation.active
      ? instantiateSource(original, args, undefined, installation)
      : apply(original, undefined, args)
  return wrapFunction(instantiateStreaming, original)
}

// ---------------- compilations, in a trace; and their bytes, where only they
// ---------------- show which memory is memory 0

function wrapModule(Target, installation) {
  class Module extends null {
    constructor(...args) {
      const isRead = installation.active && args.length > 0
      const memoryZero = isRead ? neededMemoryZero(args[0]) : undefined
      const begin = traceBegin()
      const module = construct(Target, args, new.target)
      traceCompiled(begin, false)
      noteMemoryZero(module, memoryZero)
      return module
    }
  }
  return wrapClass(Module, Target)
}

function wrapCompile(original, installation) {
  const compile = (...args) => {
    if (!installation.active || args.length === 0) {
      return apply(original, undefined, args)
    }
    const memoryZero = neededMemoryZero(args[0])
    const begin = traceBegin()
    const promise = apply(original, undefined, args)
    return whenFulfilled(promise, installation, (module) => {
      traceCompiled(begin, true)
      noteMemoryZero(module, memoryZero)
    })
  }
  return wrapFunction(compile, original)
}

// ---------------------------------- guests that wait for promises (JSPI)

function wrapSuspending(Target, installation) {
  class Suspending extends null {
    constructor(...args) {
      if (typeof args[0] === 'function') {
        args[0] = noteResults(args[0], installation)
      }
      return construct(Target, args, new.target)
    }
  }
  return wrapClass(Suspending, Target)
}

module.exports = {
  wrapCompile,
  wrapInstance,
  wrapInstantiate,
  wrapInstantiateStreaming,
  wrapModule,
  wrapSuspending
}
