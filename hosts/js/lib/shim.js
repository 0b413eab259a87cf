// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The shim: wraps the functions of WebAssembly that make instances.
//
// Each wrapper is a Proxy of the engine's own function, so that its name,
// length, prototype and errors stay the engine's, and hands everything on
// unchanged but for one thing: where a module may import its memory, the
// imports object is handed on inside a recorder, because the engine alone
// decides what it reads there, and reads it once.
//
// A wrapper whose installation has ended hands everything on: it may still be
// called, by a wrapper that somebody has put around it.

const { isDataView } = require('node:util').types

const { typeError } = require('./errors.js')
const { adopt } = require('./instances.js')
const { exportedMemoryZero } = require('./module-bytes.js')
const modules = require('./modules.js')

const {
  Proxy,
  Uint8Array,
  apply,
  construct,
  defineProperty,
  get,
  getOwnPropertyDescriptor,
  getterOf,
  isView,
  then
} = require('./captured.js')

/** namespace -> its installation: whether it is active, and what it wraps */
const installed = new WeakMap()

// -------------------------------------------------------------- recording

/** An imports object that remembers the memories that the engine reads. */
class Recorder {
  #memories = []
  #count = 0

  constructor(imports) {
    // A bare object as target: whatever the user's object promises of its
    // properties (frozen ones, say) does not bind this one.
    const handler = {
      get: (_, name) => this.#moduleAt(name, get(imports, name, imports))
    }
    this.imports = new Proxy({}, handler)
  }

  #moduleAt(module, names) {
    if (!isObject(names)) return names
    const handler = {
      get: (_, name) => this.#note(module, name, get(names, name, names))
    }
    return new Proxy({}, handler)
  }

  #note(module, name, value) {
    if (modules.isMemory(value)) {
      this.#memories[this.#count++] = { module, name, value }
    }
    return value
  }

  memoryOf(plan) {
    for (let i = 0; i < this.#count; i++) {
      const { module, name, value } = this.#memories[i]
      if (module === plan.importModule && name === plan.importName) return value
    }
    return undefined
  }
}

function isObject(value) {
  return (
    (typeof value === 'object' && value !== null) || typeof value === 'function'
  )
}

/** The arguments to hand on: all as they came, the imports recorded. */
function withImports(args, recorder) {
  if (!recorder) return args
  const handed = [args[0], recorder.imports]
  for (let i = 2; i < args.length; i++) handed[i] = args[i]
  return handed
}

function recorderFor(plan, imports) {
  const imported = plan?.importModule !== undefined
  return imported && isObject(imports) ? new Recorder(imports) : undefined
}

// --------------------------------------------------------------- wrappers

function wrapInstance(Instance, installation) {
  return new Proxy(Instance, {
    construct(target, args, newTarget) {
      const plan = installation.active ? modules.planOf(args[0]) : undefined
      if (!plan) return construct(target, args, newTarget)
      const recorder = recorderFor(plan, args[1])
      const instance = construct(target, withImports(args, recorder), newTarget)
      adopt(instance, plan, recorder?.memoryOf(plan))
      return instance
    }
  })
}

/** instantiate(module, imports) */
function instantiateModule(target, self, args, plan) {
  const recorder = recorderFor(plan, args[1])
  const promise = apply(target, self, withImports(args, recorder))
  return then(promise, (instance) => {
    if (plan) adopt(instance, plan, recorder?.memoryOf(plan))
    return instance
  })
}

/**
 * instantiate(bytes, imports), and from a stream. Nothing is known of the
 * module before it is compiled: all that is read is recorded.
 */
function instantiateSource(target, self, args, memoryZero) {
  const recorder = isObject(args[1]) ? new Recorder(args[1]) : undefined
  const promise = apply(target, self, withImports(args, recorder))
  return then(promise, (result) => {
    const { module, instance } = result
    modules.noteMemoryZero(module, memoryZero)
    const plan = modules.planOf(module)
    if (plan) adopt(instance, plan, recorder?.memoryOf(plan))
    return result
  })
}

function wrapInstantiate(instantiate, installation) {
  return new Proxy(instantiate, {
    apply(target, self, args) {
      if (!installation.active) return apply(target, self, args)
      const plan = modules.planOf(args[0])
      return plan === undefined
        ? instantiateSource(target, self, args, memoryZeroOf(args[0]))
        : instantiateModule(target, self, args, plan)
    }
  })
}

function wrapStreaming(instantiateStreaming, installation) {
  return new Proxy(instantiateStreaming, {
    apply(target, self, args) {
      return installation.active
        ? instantiateSource(target, self, args, undefined)
        : apply(target, self, args)
    }
  })
}

// ------------------------------- bytes, where a module has several memories

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype)
const viewBuffer = getterOf(TypedArray, 'buffer')
const viewOffset = getterOf(TypedArray, 'byteOffset')
const viewLength = getterOf(TypedArray, 'byteLength')
const dataBuffer = getterOf(DataView.prototype, 'buffer')
const dataOffset = getterOf(DataView.prototype, 'byteOffset')
const dataLength = getterOf(DataView.prototype, 'byteLength')
const bufferLength = getterOf(ArrayBuffer.prototype, 'byteLength')

function viewOf(source) {
  if (!isView(source)) {
    bufferLength(source) // throws if it is not a buffer
    return new Uint8Array(source)
  }
  return isDataView(source)
    ? new Uint8Array(dataBuffer(source), dataOffset(source), dataLength(source))
    : new Uint8Array(viewBuffer(source), viewOffset(source), viewLength(source))
}

/**
 * The export of memory 0 of what the engine is about to compile, read at once:
 * the bytes may change later. Undefined if nobody will need it, or there is
 * none to be seen.
 */
function memoryZeroOf(source) {
  if (!modules.severalMemories) return undefined
  try {
    return exportedMemoryZero(viewOf(source))
  } catch {
    return undefined
  }
}

function wrapModule(Module, installation) {
  return new Proxy(Module, {
    construct(target, args, newTarget) {
      if (!installation.active) return construct(target, args, newTarget)
      const memoryZero = memoryZeroOf(args[0])
      const module = construct(target, args, newTarget)
      modules.noteMemoryZero(module, memoryZero)
      return module
    }
  })
}

function wrapCompile(compile, installation) {
  return new Proxy(compile, {
    apply(target, self, args) {
      if (!installation.active) return apply(target, self, args)
      const memoryZero = memoryZeroOf(args[0])
      return then(apply(target, self, args), (module) => {
        modules.noteMemoryZero(module, memoryZero)
        return module
      })
    }
  })
}

// ----------------------------------------------------- install, uninstall

function replace(object, name, value) {
  const descriptor = getOwnPropertyDescriptor(object, name)
  return defineProperty(object, name, { ...descriptor, value })
}

const WRAP = {
  Instance: wrapInstance,
  instantiate: wrapInstantiate,
  instantiateStreaming: wrapStreaming,
  // Where a module has one memory at most, nobody needs to know its bytes.
  ...(modules.severalMemories && { Module: wrapModule, compile: wrapCompile })
}

function namespaceOf(options) {
  if (options !== undefined && !isObject(options)) {
    throw typeError('options', 'an object', options)
  }
  const realm = options?.realm === undefined ? globalThis : options.realm
  const namespace = isObject(realm) ? realm.WebAssembly : undefined
  if (!isObject(namespace) || typeof namespace.Instance !== 'function') {
    throw typeError('options.realm', 'a global object with WebAssembly', realm)
  }
  return namespace
}

/** Puts `put` where `there` stands; leaves alone what others have put there. */
function swap(namespace, name, there, put) {
  if (namespace[name] !== there || !replace(namespace, name, put)) return false
  const { prototype } = there
  if (prototype?.constructor === there) replace(prototype, 'constructor', put)
  return true
}

function install(options) {
  const namespace = namespaceOf(options)
  if (installed.has(namespace)) return false
  const installation = { active: true, pairs: [] }
  for (const [name, wrap] of Object.entries(WRAP)) {
    const original = namespace[name]
    if (typeof original !== 'function') continue
    const wrapper = wrap(original, installation)
    if (swap(namespace, name, original, wrapper)) {
      installation.pairs.push({ name, original, wrapper })
    }
  }
  if (installation.pairs.length === 0) return false // a frozen namespace
  installed.set(namespace, installation)
  return true
}

function uninstall(options) {
  const namespace = namespaceOf(options)
  const installation = installed.get(namespace)
  if (!installation) return false
  installation.active = false
  for (const { name, original, wrapper } of installation.pairs) {
    swap(namespace, name, wrapper, original)
  }
  installed.delete(namespace)
  return true
}

module.exports = { install, uninstall }
