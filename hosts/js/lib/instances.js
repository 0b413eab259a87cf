// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Tracked instances: which ids they have in the addon, and calls for targets.

const native = require('./native.js')
const { exportsOf, isInstance, memoryBuffer } = require('./engine-objects.js')
const { typeError } = require('./errors.js')
const { firing } = require('./firing-mode.js')
const { namedUse } = require('./named-use.js')
const {
  Uint8Array,
  mapGet,
  mapSet,
  weakGet,
  weakSet
} = require('./primordials.js')
const { signalNumber } = require('./signals.js')
const { Memory } = require('./webassembly.js')
const { addressesOf } = require('./word-addresses.js')
const { isSharedArrayBuffer } = require('node:util').types

const { getPrototypeOf } = Reflect
const ownPrototype = Memory.prototype

/** instance -> id. Weak: an id does not keep its instance alive. */
const ids = new WeakMap()
/** Instances that have an id and no signal word. */
const withoutSignalWord = new WeakMap()
/** reason -> how many instances */
const untracked = new Map()

native.setBufferGetter(memoryBuffer)

function countUntracked(reason) {
  mapSet(untracked, reason, (mapGet(untracked, reason) ?? 0) + 1)
}

function track(instance, plan, importedMemory) {
  const exports = exportsOf(instance)
  if (plan.reason) return countUntracked(plan.reason)
  const memory =
    plan.exportName === undefined ? importedMemory : exports[plan.exportName]
  if (memory === undefined) return countUntracked('no-memory')
  const addresses = addressesOf(exports, plan, memory)
  if (addresses === undefined) return
  if (typeof addresses === 'string') return countUntracked(addresses)
  const buffer = memoryBuffer(memory)
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
  if (id < 0) return countUntracked(native.reasonOfError(id) ?? 'failed')
  weakSet(ids, instance, id)
  if (addresses[0] < 0) weakSet(withoutSignalWord, instance, true)
}

/**
 * Tracks a new instance by the plan of its module. Never throws: an instance
 * that cannot be tracked runs untracked, and stats() counts the reason.
 */
function adopt(instance, plan, importedMemory) {
  try {
    if (weakGet(ids, instance) !== undefined) return // by an outer wrapper
    track(instance, plan, importedMemory)
  } catch {
    countUntracked('failed')
  }
}

// ------------------------------------------------------------------ targets

/**
 * Checks a list of instances. Answers the `ids` of those that are tracked, and
 * whether at least one of them has a signal word.
 */
function idsOf(instances, what) {
  const iterable = typeof instances === 'object' && instances !== null
  if (!iterable || typeof instances[Symbol.iterator] !== 'function') {
    throw typeError(what, 'an iterable of WebAssembly.Instance', instances)
  }
  const found = new Set()
  let hasSignalWord = false
  for (const instance of instances) {
    if (!isInstance(instance)) {
      throw typeError(`each of ${what}`, 'a WebAssembly.Instance', instance)
    }
    const id = weakGet(ids, instance)
    if (id === undefined) continue
    found.add(id)
    hasSignalWord ||= weakGet(withoutSignalWord, instance) === undefined
  }
  return { ids: [...found], hasSignalWord }
}

function targetError(target) {
  return typeError(
    'a target',
    "a WebAssembly.Instance, an iterable of them, 'realm' or 'process'",
    target
  )
}

/** Makes the call that the target requires; sums up the answers. */
function atTarget(target, atInstance, atRealm, atProcess) {
  if (target === undefined || target === 'realm') return atRealm()
  if (target === 'process') return atProcess()
  if (typeof target !== 'object' || target === null) {
    throw targetError(target)
  }
  const list = isInstance(target) ? [target] : target
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

// --------------------------------------------------------------- statistics

function stats() {
  const { FIXED, SHARED, MOVABLE, ...rest } = native.stats({
    __proto__: null
  })
  return {
    tracked: { FIXED, SHARED, MOVABLE },
    untracked: Object.fromEntries(untracked),
    ...rest,
    budgets: namedUse(),
    unsafe: { ...native.unsafeStats({ __proto__: null }) },
    firing: firing()
  }
}

module.exports = { adopt, clear, idsOf, raise, stats, terminate }
