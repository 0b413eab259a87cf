// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Is killed after it has replaced the built-ins that are at hand, and has put
 * accessors where objects inherit from: what runs after the kill must not call
 * them, outside of any limit. `run` or `async` says what is killed, `error` that
 * the global Error is an accessor too. Prints the error, and how often what was
 * killed was called after that.
 */
import { AsyncLocalStorage, executionAsyncResource } from 'node:async_hooks'
import { CpuBudget, CpuLimitError, install } from 'wasmsig'
import { instantiate } from '../support/guests.mjs'

install()

const way = process.argv[2]
const storage = new AsyncLocalStorage()
const { spin } = instantiate().exports
const { defineProperty, getOwnPropertyDescriptor } = Object
const { then } = Promise.prototype
const { apply } = Reflect

let killed = false
let called = 0
const names = { __proto__: null }

/** As a killed program's own, but that it goes on: what is called is counted. */
function trap(name, original) {
  return function (...args) {
    if (killed) {
      called += 1
      names[name] = true
    }
    return original && apply(original, this, args)
  }
}

const REPLACED = [
  [Array.prototype, Symbol.iterator],
  [Array.prototype, 'filter'],
  [Array.prototype, 'some'],
  [Map.prototype, Symbol.iterator],
  [Map.prototype, 'has'],
  [Map.prototype, 'get'],
  [Set.prototype, Symbol.iterator],
  [Set.prototype, 'add'],
  [Set.prototype, 'has'],
  [Set.prototype, 'delete'],
  [Number.prototype, 'toFixed'],
  [Object, 'getOwnPropertySymbols'],
  [Object, 'getOwnPropertyDescriptor'],
  [Object, 'defineProperty'],
  [Reflect, 'apply'],
  [Reflect, 'construct'],
  [Reflect, 'defineProperty'],
  [Reflect, 'deleteProperty'],
  [Reflect, 'ownKeys'],
  [AsyncLocalStorage.prototype, 'getStore'],
  [globalThis, 'setImmediate'],
  [process, '_fatalException']
]

/** What is asked of objects that may inherit it; of the global, Error. */
const INHERITED = [
  [Object.prototype, ['enumerable', 'configurable', 'writable', 'get', 'set']],
  [Error.prototype, ['limit', 'used', 'code', 'name']],
  [CpuLimitError.prototype, ['limit', 'used', 'code', 'name']],
  [globalThis, way === 'error' ? ['Error'] : []]
]

const changes = []

function plan(owner, name, descriptor) {
  const before = getOwnPropertyDescriptor(owner, name)
  if (before) Object.setPrototypeOf(before, null)
  const after = { __proto__: null, ...descriptor, configurable: true }
  changes.push({ owner, name, before, after })
}

for (const [owner, name] of REPLACED) {
  const value = trap(String(name), owner[name])
  plan(owner, name, { value, writable: true })
}
for (const [owner, inherited] of INHERITED) {
  for (const name of inherited) {
    const value = owner[name]
    plan(owner, name, { get: trap(name, () => value), set: trap(name) })
  }
}

function change(undo) {
  for (let i = 0; i < changes.length; i += 1) {
    const { owner, name, before, after } = changes[i]
    const descriptor = undo ? before : after
    if (descriptor) defineProperty(owner, name, descriptor)
    else delete owner[name]
  }
}

/** Of the resource that is running: its stores, where Node keeps them there. */
function watchStores() {
  const resource = executionAsyncResource()
  for (const name of Object.getOwnPropertySymbols(resource)) {
    const value = resource[name]
    const set = trap('store')
    defineProperty(resource, name, {
      get: () => value,
      set,
      configurable: true
    })
  }
}

function replaceAndSpin() {
  watchStores()
  change(false)
  Object.setPrototypeOf(CpuLimitError, trap('super', Error))
  killed = true // whatever is called from here on is called by others
  spin()
}

function tell(error) {
  killed = false
  change(true)
  const { code, limit } = error
  const keys = Object.keys(error).join()
  console.log(JSON.stringify({ code, limit, keys, called, names }))
}

const budget = new CpuBudget({ hard: 10 })
storage.enterWith(1)
if (way === 'async') {
  const work = async () => {
    await null
    replaceAndSpin()
  }
  apply(then, budget.runAsync(work), [undefined, tell])
} else {
  try {
    budget.run(replaceAndSpin)
  } catch (error) {
    tell(error)
  }
}
