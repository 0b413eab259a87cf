// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Makes an instance where every built-in is replaced, or where accessors
 * observe each read of a property, and prints which were called.
 */
import { install, raise } from 'wasmsig'
import { IMPORTED, guest } from '../support/guests.mjs'

const [call, way, mode] = process.argv.slice(2)
if (mode === 'shim') install()

const bytes = guest({ memory: IMPORTED })
const module = new WebAssembly.Module(bytes)
const imports = { env: { memory: new WebAssembly.Memory({ initial: 1 }) } }

const CALLS = {
  instance: () => new WebAssembly.Instance(module, imports),
  both: () => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
  bytes: () => WebAssembly.instantiate(bytes, imports),
  module: () => WebAssembly.instantiate(module, imports)
}

const { defineProperty, getOwnPropertyDescriptor } = Object
const { apply, construct } = Reflect

/** Built-in functions that a program may have replaced. */
const BUILT_INS = [
  [
    Array.prototype,
    ['push', 'map', 'filter', 'find', 'forEach', 'slice', Symbol.iterator]
  ],
  [Map.prototype, ['get', 'set', 'has', 'delete']],
  [Set.prototype, ['add', 'has', 'delete']],
  [WeakMap.prototype, ['get', 'set', 'has']],
  [WeakSet.prototype, ['add', 'has']],
  [WeakRef.prototype, ['deref']],
  [Function.prototype, ['call', 'apply', 'bind']],
  [Promise.prototype, ['then', 'catch', 'finally']],
  [Promise, ['resolve', 'reject', 'all']],
  [Object.getPrototypeOf(Uint8Array.prototype), ['subarray', 'slice', 'set']],
  [TextDecoder.prototype, ['decode']],
  [Number, ['isInteger']],
  [BigInt, ['asUintN']],
  [ArrayBuffer, ['isView']],
  [String.prototype, ['startsWith', 'charCodeAt']],
  [
    Object,
    [
      'keys',
      'entries',
      'values',
      'fromEntries',
      'defineProperty',
      'getOwnPropertyDescriptor',
      'getPrototypeOf'
    ]
  ],
  [
    Reflect,
    [
      'apply',
      'construct',
      'get',
      'defineProperty',
      'getOwnPropertyDescriptor',
      'ownKeys'
    ]
  ],
  [WebAssembly.Module, ['imports', 'exports', 'customSections']]
]

/** Replaces all of them; returns a function that undoes it. */
function replaceAll(called) {
  const saved = []
  for (const [owner, names] of BUILT_INS) {
    for (const name of names) {
      const descriptor = getOwnPropertyDescriptor(owner, name)
      if (descriptor) saved[saved.length] = { owner, name, descriptor }
    }
  }
  for (let i = 0; i < saved.length; i += 1) {
    const { owner, name, descriptor } = saved[i]
    const original = descriptor.value
    function replacement(...args) {
      called[called.length] = name
      return new.target
        ? construct(original, args, new.target)
        : apply(original, this, args)
    }
    defineProperty(owner, name, {
      __proto__: null,
      value: replacement,
      configurable: true
    })
  }
  return () => {
    for (let i = 0; i < saved.length; i += 1) {
      defineProperty(saved[i].owner, saved[i].name, saved[i].descriptor)
    }
  }
}

/** Properties that code may read of objects that lack them. */
const LOOKED_FOR = [
  [
    Object.prototype,
    [
      'apply',
      'before',
      'checked',
      'construct',
      'exportName',
      'get',
      'has',
      'importModule',
      'importName',
      'instance',
      'module',
      'reason',
      'value',
      'wide'
    ]
  ],
  [Array.prototype, ['0', '1', '2', '3', '4', '5', '6', '7']],
  [Promise.prototype, ['constructor']],
  [Promise, [Symbol.species]],
  [Uint8Array.prototype, ['constructor']],
  [ArrayBuffer, [Symbol.species]]
]

/** Installs accessors for all of them; returns a function that undoes it. */
function watchAll(called) {
  const saved = []
  for (const [owner, names] of LOOKED_FOR) {
    for (const name of names) {
      const found = getOwnPropertyDescriptor(owner, name)
      const descriptor = found && { __proto__: null, ...found }
      saved[saved.length] = { owner, name, descriptor }
    }
  }
  for (let i = 0; i < saved.length; i += 1) {
    const { owner, name, descriptor } = saved[i]
    defineProperty(owner, name, {
      __proto__: null,
      get() {
        called.count += 1
        called.last = name
        return descriptor?.get
          ? apply(descriptor.get, this, [])
          : descriptor?.value
      },
      set() {
        called.count += 1
        called.last = name
      },
      configurable: true
    })
  }
  return () => {
    for (let i = saved.length - 1; i >= 0; i -= 1) {
      const { owner, name, descriptor } = saved[i]
      delete owner[name]
      if (descriptor) defineProperty(owner, name, descriptor)
    }
  }
}

const called = []
const looks = { count: 0, last: undefined }
const { then } = Promise.prototype

const undo = way === 'calls' ? replaceAll(called) : watchAll(looks)
const made = CALLS[call]()
if (made instanceof Promise) {
  apply(then, made, [done])
} else {
  done(made)
}

function done(value) {
  undo()
  const received = raise('SIGINT', value.instance ?? value)
  console.log(JSON.stringify({ called, looks, received }))
}
