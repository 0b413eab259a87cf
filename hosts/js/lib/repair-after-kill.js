// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Repairs what a kill leaves behind in Node when it has unwound Node's own
// functions: where `onUnsafe` is 'kill', or where V8 had inlined them into a
// user's function (native/stack.c).
//
// The id of an async scope stays on Node's stack of them, and the next scope
// that ends would abort the process ("async hook stack has become corrupted").
// Node empties that stack after it has handled an uncaught exception
// (lib/internal/process/execution.js). So this lets Node handle one, without
// listeners.
//
// Before Node 24 the values of AsyncLocalStorage are symbol properties of the
// async resource that is running (lib/async_hooks.js). The addon restores those
// of later versions.

const { executionAsyncResource } = require('node:async_hooks')

// What this calls after a kill was captured before: the killed code may have
// replaced built-ins, and would run on in them outside its section.

const {
  Map,
  apply,
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  mapGet,
  mapHas,
  mapSet,
  ownKeys,
  setPrototypeOf
} = require('./primordials.js')
const native = require('./native.js')

const { _fatalException } = process

const FIRST_WITH_FRAMES = 24
const storesAreOnResources =
  Number.parseInt(process.versions.node, 10) < FIRST_WITH_FRAMES

/** The program's listeners must not receive the exception. */
function forgetAsyncIds() {
  const before = getOwnPropertyDescriptor(process, 'emit')
  defineProperty(process, 'emit', {
    __proto__: null,
    value: () => true,
    writable: true,
    configurable: true
  })
  try {
    apply(_fatalException, process, [undefined])
  } finally {
    if (before) {
      setPrototypeOf(before, null)
      defineProperty(process, 'emit', before)
    } else {
      deleteProperty(process, 'emit')
    }
  }
}

function symbolsOf(resource) {
  const values = new Map()
  const keys = ownKeys(resource)
  for (let i = 0; i < keys.length; i++) {
    if (typeof keys[i] === 'symbol') mapSet(values, keys[i], resource[keys[i]])
  }
  return { keys, values }
}

/** Before a section that may be killed: the values to restore. */
function saveStores(limits) {
  if (!storesAreOnResources || limits.hard === undefined) return undefined
  const resource = executionAsyncResource()
  return { resource, ...symbolsOf(resource) }
}

function restoreStores({ resource, keys, values }) {
  const now = ownKeys(resource)
  for (let i = 0; i < now.length; i++) {
    const isNew = typeof now[i] === 'symbol' && !mapHas(values, now[i])
    if (isNew) deleteProperty(resource, now[i])
  }
  for (let i = 0; i < keys.length; i++) {
    if (typeof keys[i] !== 'symbol') continue
    defineProperty(resource, keys[i], {
      __proto__: null,
      value: mapGet(values, keys[i]),
      writable: true,
      enumerable: true,
      configurable: true
    })
  }
}

/** `saved`: what saveStores has answered. */
function repairAfterKill(saved) {
  if (native.leftAsyncIds()) forgetAsyncIds()
  if (saved) restoreStores(saved)
}

module.exports = { repairAfterKill, saveStores }
