// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Tracked instances: from an instance to the core's name for it, and targets.

const native = require('./native.js')
const { firing } = require('./firing-mode.js')
const { typeError } = require('./errors.js')
const { signalNumber } = require('./signals.js')
const modules = require('./modules.js')

const {
  Uint8Array,
  mapGet,
  mapSet,
  weakGet,
  weakSet
} = require('./primordials.js')
const wasm = require('./webassembly.js')
const { isSharedArrayBuffer } = require('node:util').types

const { getPrototypeOf } = Reflect
const ownPrototype = wasm.Memory.prototype

/** instance -> id. Weak: an id does not keep its instance. */
const ids = new WeakMap()
/** Instances that have an id and no signal word. */
const deaf = new WeakMap()
const untracked = new Map()

/** By number: the core's error codes that mean "runs untracked". */
const REASONS = new Map([
  [-4, 'out-of-range'],
  [-5, 'misaligned'],
  [-6, 'overlap']
])

native.readBuffersWith(modules.memoryBuffer)

function runsUntracked(reason) {
  mapSet(untracked, reason, (mapGet(untracked, reason) ?? 0) + 1)
}

function track(instance, exports, plan, importedMemory) {
  if (plan.reason) return runsUntracked(plan.reason)
  const memory =
    plan.exportName === undefined ? importedMemory : exports[plan.exportName]
  if (memory === undefined) return runsUntracked('no-memory')
  const addresses = modules.addressesOf(exports, plan, memory)
  if (typeof addresses === 'string') return runsUntracked(addresses)
  const buffer = modules.memoryBuffer(memory)
  const bytes = isSharedArrayBuffer(buffer) ? new Uint8Array(buffer) : buffer
  const id = native.track(
    instance,
    memory,
    bytes,
    addresses[0],
    addresses[1],
    addresses[2],
    getPrototypeOf(memory) !== ownPrototype,
    plan.largest,
    addresses[3]
  )
  if (id < 0) return runsUntracked(mapGet(REASONS, id) ?? 'failed')
  weakSet(ids, instance, id)
  if (addresses[0] < 0) weakSet(deaf, instance, true)
}

/**
 * Tracks a new instance by the plan of its module. Never throws: an instance
 * that cannot be tracked runs untracked, and stats() counts why.
 */
function adopt(instance, plan, importedMemory) {
  try {
    if (weakGet(ids, instance) !== undefined) return // by an outer wrapper
    const exports = modules.exportsOf(instance)
    track(instance, exports, plan, importedMemory)
  } catch {
    runsUntracked('failed')
  }
}

/**
 * Checks a list of instances; answers the `ids` of those that are tracked, and
 * whether one of them `hears` signals.
 */
function idsOf(instances, what) {
  const iterable = typeof instances === 'object' && instances !== null
  if (!iterable || typeof instances[Symbol.iterator] !== 'function') {
    throw typeError(what, 'an iterable of WebAssembly.Instance', instances)
  }
  const found = new Set()
  let hears = false
  for (const instance of instances) {
    if (!modules.isInstance(instance)) {
      throw typeError(`each of ${what}`, 'a WebAssembly.Instance', instance)
    }
    const id = weakGet(ids, instance)
    if (id === undefined) continue
    found.add(id)
    hears ||= weakGet(deaf, instance) === undefined
  }
  return { ids: [...found], hears }
}

function targetError(target) {
  return typeError(
    'a target',
    "a WebAssembly.Instance, an iterable of them, 'realm' or 'process'",
    target
  )
}

/** Calls what the target asks for; adds up what it answers. */
function atTarget(target, atInstance, atRealm, atProcess) {
  if (target === undefined || target === 'realm') return atRealm()
  if (target === 'process') return atProcess()
  if (typeof target !== 'object' || target === null) {
    throw targetError(target)
  }
  const list = modules.isInstance(target) ? [target] : target
  const { ids } = idsOf(list, 'a target')
  return ids.reduce((sum, id) => sum + atInstance(id), 0)
}

function raise(signal, target) {
  const number = signalNumber(signal)
  return atTarget(
    target,
    (id) => native.raiseInstance(number, id),
    () => native.raiseRealm(number),
    () => native.raiseProcess(number)
  )
}

function clear(target) {
  return atTarget(
    target,
    (id) => native.clearInstance(id),
    () => native.clearRealm(),
    () => native.clearProcess()
  )
}

/** For good: there is no default target. */
function terminate(target) {
  if (target === undefined) throw targetError(target)
  return atTarget(
    target,
    (id) => native.terminateInstance(id),
    () => native.terminateRealm(),
    () => native.terminateProcess()
  )
}

function stats() {
  const { FIXED, SHARED, MOVABLE, ...rest } = native.stats({
    __proto__: null
  })
  return {
    tracked: { FIXED, SHARED, MOVABLE },
    untracked: Object.fromEntries(untracked),
    ...rest,
    unsafe: { ...native.unsafe({ __proto__: null }) },
    firing: firing()
  }
}

module.exports = { adopt, clear, idsOf, raise, stats, terminate }
