// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Is killed after it has replaced built-ins, and has put accessors on the
 * objects from which others inherit: code that runs after the kill must not
 * call them, as they would have no limit. `run` or `async` is what is killed;
 * `error`: the global Error is an accessor too. Prints the error, and how often
 * the killed code was called after that.
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

/**
 * Like a killed program's own function, but it returns: its calls are counted.
 */
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

/**
 * Properties that code may read of objects that inherit; of the global, Error.
 */
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

/** The stores of the running resource, where Node keeps them there. */
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
  killed = true // from here on other code makes the calls
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
