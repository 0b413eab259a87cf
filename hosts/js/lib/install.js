// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// install() and uninstall(): put wrappers into a realm's WebAssembly, and the
// original functions back.

const native = require('./native.js')
const { isEnabled } = require('./enabled.js')
const { typeError } = require('./errors.js')
const { isObject } = require('./import-recorder.js')
const { bytesAreNeeded } = require('./memory-zero.js')
const { isEngines, plainValue, swap } = require('./namespace.js')
const { hookEngine } = require('./promise-hook.js')
const wrappers = require('./wrappers.js')

/** namespace -> its installation: whether it is active, and what it wraps */
const installed = new WeakMap()

/** wrap-replacements.js is loaded where it is needed. */
const replacement = (name) => (original, installation) =>
  require('./wrap-replacements.js')[name](original, installation)

/** name -> how the engine's own function is wrapped, and how another's */
const WRAP = {
  Instance: [wrappers.wrapInstance, replacement('wrapReplacedInstance')],
  instantiate: [
    wrappers.wrapInstantiate,
    replacement('wrapReplacedInstantiate')
  ],
  instantiateStreaming: [
    wrappers.wrapInstantiateStreaming,
    replacement('wrapReplacedInstantiate')
  ],
  Suspending: [wrappers.wrapSuspending],
  ...((bytesAreNeeded || native.isTraced) && {
    Module: [wrappers.wrapModule],
    compile: [wrappers.wrapCompile]
  })
}

// --------------------------------------------------------------- warnings

const WARNINGS = {
  __proto__: null,
  'no WebAssembly':
    'this host has no WebAssembly (node --jitless): wasmsig installs nothing',
  frozen:
    'WebAssembly is frozen (node --frozen-intrinsics): wasmsig/register ' +
    'installs nothing, and no instance is tracked'
}

let warned = false

/** Once in a process: workers do not warn. */
function warn(why) {
  const { isMainThread } = require('node:worker_threads') // slow to load
  if (warned || !isMainThread) return
  warned = true
  process.emitWarning(WARNINGS[why], { code: 'WASMSIG_NOT_INSTALLED' })
}

// ------------------------------------------------------------------ realms

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

/** Wraps one function, if it exists and can be replaced. */
function wrapOne(namespace, name, [wrapOwn, wrapReplaced], installation) {
  try {
    const original = plainValue(namespace, name)
    if (typeof original !== 'function') return
    const wrap = isEngines(original, name) ? wrapOwn : wrapReplaced
    const wrapper = wrap?.(original, installation)
    if (wrapper && swap(namespace, name, original, wrapper)) {
      installation.pairs.push({ name, original, wrapper })
    }
  } catch {
    // a Proxy in the place of the namespace, or of one of its functions
  }
}

function unwrapOne(namespace, name, wrapper, original) {
  try {
    swap(namespace, name, wrapper, original)
  } catch {
    // other code has replaced it by a Proxy since
  }
}

// ----------------------------------------------------- install, uninstall

/** Wraps what can be wrapped. Answers the reason if that is nothing. */
function attempt({ realm, namespace }) {
  if (!isEnabled) return 'off'
  if (!namespace) return 'no WebAssembly'
  if (installed.has(namespace)) return 'already'
  hookEngine()
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

/** For programs that do not see what install() returns. */
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
