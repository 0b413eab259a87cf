// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The shim: wraps the functions of WebAssembly that make instances.
//
// Each wrapper hands everything on unchanged, and looks at what comes back. Where
// a module may import its memory, the imports object is handed on inside a
// recorder, because the engine alone decides what it reads there. Functions that
// others have put in the place of the engine's are wrapped by wrap-replacements.js.
//
// A wrapper whose installation has ended hands everything on: it may still be
// called, by a wrapper that somebody has put around it.

const { disguise, disguiseClass } = require('./wrap.js')
const { typeError } = require('./errors.js')
const { adopt } = require('./instances.js')
const { memoryZeroOf } = require('./module-bytes.js')
const modules = require('./modules.js')
const { Recorder, isObject } = require('./import-recorder.js')
const { askEngine, whenFulfilled } = require('./promise-hook.js')
const { noting } = require('./suspensions.js')
const { isOff } = require('./enabled.js')

const {
  apply,
  construct,
  defineProperty,
  getOwnPropertyDescriptor,
  hasOwn,
  isNative
} = require('./primordials.js')

/** namespace -> its installation: whether it is active, and what it wraps */
const installed = new WeakMap()

// --------------------------------------------------------------- wrappers

function recorderFor(plan, imports) {
  const imported = plan.importModule !== undefined
  return imported && isObject(imports) ? new Recorder(imports) : undefined
}

/** The arguments as they came, however many, but for the imports. */
function withImports(args, imports) {
  return args.length < 3 ? [args[0], imports] : [args[0], imports, args[2]] // engines look at no more
}

function wrapInstance(Target, installation) {
  function adopted(plan, module, imports, newTarget) {
    const recorder = recorderFor(plan, imports)
    const handed = recorder ? recorder.imports : imports
    const instance = construct(Target, [module, handed], newTarget)
    adopt(instance, plan, recorder?.memoryOf(plan))
    return instance
  }

  // The usual case makes nothing but the instance: no list of arguments, and
  // no second argument that was not given.
  class Instance extends null {
    constructor(module, imports) {
      const plan = installation.active ? modules.planOf(module) : undefined
      if (plan) return adopted(plan, module, imports, new.target)
      if (new.target !== wrapper) {
        return construct(Target, [module, imports], new.target)
      }
      return imports === undefined
        ? new Target(module)
        : new Target(module, imports)
    }
  }

  const wrapper = disguiseClass(Instance, Target)
  return wrapper
}

/** instantiate(module, imports) */
function instantiateModule(target, args, plan, installation) {
  if (!plan) return apply(target, undefined, args)
  const recorder = args.length > 1 ? recorderFor(plan, args[1]) : undefined
  const handed = recorder ? withImports(args, recorder.imports) : args
  const promise = apply(target, undefined, handed)
  return whenFulfilled(promise, installation, (instance) => {
    adopt(instance, plan, recorder?.memoryOf(plan))
  })
}

/**
 * instantiate(bytes, imports), and from a stream. Nothing is known of the
 * module before it is compiled: all that is read is recorded.
 */
function instantiateSource(target, args, memoryZero, installation) {
  const given = args.length > 1 && isObject(args[1])
  const recorder = given ? new Recorder(args[1]) : undefined
  const handed = recorder ? withImports(args, recorder.imports) : args
  const promise = apply(target, undefined, handed)
  return whenFulfilled(promise, installation, ({ module, instance }) => {
    modules.noteMemoryZero(module, memoryZero)
    if (!modules.exportsWords(instance)) return
    const plan = modules.planOf(module)
    if (plan) adopt(instance, plan, recorder?.memoryOf(plan))
  })
}

/** The bytes are read at once: they may change later. */
function wrapInstantiate(original, installation) {
  const instantiate = (...args) => {
    if (!installation.active || args.length === 0) {
      return apply(original, undefined, args)
    }
    const plan = modules.planOf(args[0])
    if (plan !== undefined) {
      return instantiateModule(original, args, plan, installation)
    }
    const memoryZero = modules.bytesAreNeeded
      ? memoryZeroOf(args[0])
      : undefined
    return instantiateSource(original, args, memoryZero, installation)
  }
  return disguise(instantiate, original)
}

function wrapStreaming(original, installation) {
  const instantiateStreaming = (...args) =>
    installation.active
      ? instantiateSource(original, args, undefined, installation)
      : apply(original, undefined, args)
  return disguise(instantiateStreaming, original)
}

// ------------------- bytes, where only they tell which memory is memory 0

function wrapModule(Target, installation) {
  class Module extends null {
    constructor(...args) {
      const seen = installation.active && args.length > 0
      const memoryZero = seen ? memoryZeroOf(args[0]) : undefined
      const module = construct(Target, args, new.target)
      modules.noteMemoryZero(module, memoryZero)
      return module
    }
  }
  return disguiseClass(Module, Target)
}

function wrapCompile(original, installation) {
  const compile = (...args) => {
    if (!installation.active || args.length === 0) {
      return apply(original, undefined, args)
    }
    const memoryZero = memoryZeroOf(args[0])
    const promise = apply(original, undefined, args)
    return whenFulfilled(promise, installation, (module) => {
      modules.noteMemoryZero(module, memoryZero)
    })
  }
  return disguise(compile, original)
}

// --------------------------------------------------- what a person must know

const WARNINGS = {
  __proto__: null,
  'no WebAssembly':
    'this host has no WebAssembly (node --jitless): wasmsig installs nothing',
  frozen:
    'WebAssembly is frozen (node --frozen-intrinsics): wasmsig/register ' +
    'installs nothing, and no instance is tracked'
}

let warned = false

/** Once in a process: workers are silent. */
function warn(why) {
  const { isMainThread } = require('node:worker_threads') // slow to load
  if (warned || !isMainThread) return
  warned = true
  process.emitWarning(WARNINGS[why], { code: 'WASMSIG_NOT_INSTALLED' })
}

// ---------------------------------- guests that wait for promises (JSPI)

function wrapSuspending(Target, installation) {
  class Suspending extends null {
    constructor(...args) {
      if (typeof args[0] === 'function') {
        args[0] = noting(args[0], installation)
      }
      return construct(Target, args, new.target)
    }
  }
  return disguiseClass(Suspending, Target)
}

// ----------------------------------------------------- install, uninstall

/** wrap-replacements.js is loaded where it is needed. */
const foreign = (name) => (original, installation) =>
  require('./wrap-replacements.js')[name](original, installation)

/** Each function: how the engine's own is wrapped, and how another's. */
const WRAP = {
  Instance: [wrapInstance, foreign('wrapForeignInstance')],
  instantiate: [wrapInstantiate, foreign('wrapForeignInstantiate')],
  instantiateStreaming: [wrapStreaming, foreign('wrapForeignInstantiate')],
  Suspending: [wrapSuspending],
  ...(modules.bytesAreNeeded && {
    Module: [wrapModule],
    compile: [wrapCompile]
  })
}

/** `namespace` is undefined where our own realm has none. */
function realmOf(options) {
  if (options !== undefined && !isObject(options)) {
    throw typeError('options', 'an object', options)
  }
  const given = options?.realm // read once
  const realm = given === undefined ? globalThis : given
  if (realm === globalThis) return { realm, namespace: ownNamespace() }
  const namespace = isObject(realm) ? realm.WebAssembly : undefined
  if (!isObject(namespace) || typeof namespace.Instance !== 'function') {
    throw typeError('options.realm', 'a global object with WebAssembly', realm)
  }
  return { realm, namespace }
}

function ownNamespace() {
  try {
    const namespace = globalThis.WebAssembly
    return isObject(namespace) ? namespace : undefined
  } catch {
    return undefined // a getter in its place, which throws
  }
}

/** A property's value if no code runs to read it. */
function plainValue(object, name) {
  const descriptor = getOwnPropertyDescriptor(object, name)
  return descriptor && hasOwn(descriptor, 'value')
    ? descriptor.value
    : undefined
}

function replace(object, name, value) {
  const descriptor = getOwnPropertyDescriptor(object, name)
  return defineProperty(object, name, {
    __proto__: null,
    ...descriptor,
    value
  })
}

/** Puts `put` where `there` stands; leaves alone what others have put there. */
function swap(namespace, name, there, put) {
  if (plainValue(namespace, name) !== there) return false
  if (!replace(namespace, name, put)) return false
  const prototype = plainValue(there, 'prototype')
  if (isObject(prototype) && plainValue(prototype, 'constructor') === there) {
    replace(prototype, 'constructor', put)
  }
  return true
}

/** Wraps one function, if it is there and may be replaced. */
function wrapOne(namespace, name, [wrapOwn, wrapForeign], installation) {
  try {
    const original = plainValue(namespace, name)
    if (typeof original !== 'function') return
    const wrap = isNative(original, name) ? wrapOwn : wrapForeign
    const wrapper = wrap?.(original, installation)
    if (wrapper && swap(namespace, name, original, wrapper)) {
      installation.pairs.push({ name, original, wrapper })
    }
  } catch {
    // a proxy in the place of the namespace, or of one of its functions
  }
}

function unwrapOne(namespace, name, wrapper, original) {
  try {
    swap(namespace, name, wrapper, original)
  } catch {
    // somebody has made a proxy of it since
  }
}

/** Wraps what can be wrapped; answers why nothing was, if so. */
function attempt({ realm, namespace }) {
  if (isOff) return 'off'
  if (!namespace) return 'no WebAssembly'
  if (installed.has(namespace)) return 'already'
  askEngine()
  const installation = { active: true, pairs: [], Promise: realm.Promise }
  for (const [name, ways] of Object.entries(WRAP)) {
    wrapOne(namespace, name, ways, installation)
  }
  if (installation.pairs.length === 0) return 'frozen'
  installed.set(namespace, installation)
  return undefined
}

function install(options) {
  const why = attempt(realmOf(options))
  if (why === 'no WebAssembly') warn(why)
  return why === undefined
}

/** For who cannot see what install() answers. */
function register() {
  const why = attempt(realmOf())
  if (why in WARNINGS) warn(why)
}

function uninstall(options) {
  const { namespace } = realmOf(options)
  const installation = namespace && installed.get(namespace)
  if (!installation) return false
  installation.active = false
  for (const { name, original, wrapper } of installation.pairs) {
    unwrapOne(namespace, name, wrapper, original)
  }
  installed.delete(namespace)
  return true
}

module.exports = { install, register, uninstall }
