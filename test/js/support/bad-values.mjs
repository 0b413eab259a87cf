// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Values that a program may pass by mistake, or to break the package. Each is
 * made anew for each call. Errors of their own code are always `theirs`.
 */
import vm from 'node:vm'
import { guest, instantiate } from './guests.mjs'

export const theirs = new Error('theirs')

function refuse() {
  throw theirs
}

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** A proxy each of whose traps throws. */
function hostile(target) {
  return new Proxy(target, new Proxy({}, { get: () => refuse }))
}

function detached() {
  const view = new Int32Array(4)
  structuredClone(view.buffer, { transfer: [view.buffer] })
  return view
}

function* endless(value) {
  for (;;) yield value
}

const getters = Object.fromEntries(
  [
    ...['soft', 'hard', 'signal', 'instances', 'onUnsafe', 'grace'],
    ...['insist', 'realm', 'terminated', 'length', 'name']
  ].map((name) => [name, { get: refuse, enumerable: true }])
)

const instance = instantiate()
const own = Object.getOwnPropertyDescriptors

export const VALUES = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  zero: () => 0,
  'minus zero': () => -0,
  one: () => 1,
  half: () => 0.5,
  'minus one': () => -1,
  NaN: () => NaN,
  '1e309': () => 1e309,
  sixtyfive: () => 65,
  '2**53': () => 2 ** 53,
  BigInt: () => 5n,
  Symbol: () => Symbol('SIGINT'),
  'empty text': () => '',
  SIGFOO: () => 'SIGFOO',
  SIGUSR2: () => 'SIGUSR2',
  'bare object': () => Object.create(null),
  object: () => ({}),
  array: () => [],
  'array of undefined': () => [undefined],
  date: () => new Date(0),
  function: () => () => 5,
  class: () => class Theirs {},
  'throwing function': () => refuse,
  promise: () => Promise.resolve(5),
  'object with valueOf': () => ({ valueOf: () => 5, toString: () => 'SIGINT' }),
  'throwing getters': () => Object.create(null, getters),
  'throwing proxy': () => hostile({}),
  'throwing function proxy': () => hostile(() => 5),
  'revoked proxy': () => revoked({}),
  'revoked function proxy': () => revoked(() => 5),
  'throwing iterator': () => ({ [Symbol.iterator]: refuse }),
  'throwing next': () => ({ [Symbol.iterator]: () => ({ next: refuse }) }),
  'bad iterator': () => ({ [Symbol.iterator]: () => 5 }),
  'endless iterator': () => endless(5),
  'endless names': () => endless('SIGUSR2'),
  instance: () => instance,
  'instances in a set': () => new Set([instance]),
  'instance of another realm': () => {
    const { Module, Instance } = vm.runInNewContext('WebAssembly')
    return new Instance(new Module(guest()))
  },
  'fake instance': () => Object.create(WebAssembly.Instance.prototype),
  'proxy of an instance': () => new Proxy(instance, {}),
  exports: () => instance.exports,
  'copied exports': () => Object.defineProperties({}, own(instance.exports)),
  'exports with throwing getters': () =>
    Object.create(null, { exports: { get: refuse }, ...getters }),
  memory: () => instance.exports.memory,
  module: () => new WebAssembly.Module(guest()),
  'fake module': () => Object.create(WebAssembly.Module.prototype),
  'module bytes': () => guest(),
  'no module bytes': () => new Uint8Array(8),
  'detached view': detached,
  'detached buffer': () => detached().buffer,
  'detached DataView': () => {
    const view = new DataView(new ArrayBuffer(8))
    structuredClone(view.buffer, { transfer: [view.buffer] })
    return view
  },
  'shared word': () => new Int32Array(new SharedArrayBuffer(4)),
  'shared word, misaligned': () => new Uint8Array(new SharedArrayBuffer(8), 1),
  'shared bytes, too short': () => new Uint8Array(new SharedArrayBuffer(3)),
  'shared floats': () => new Float32Array(new SharedArrayBuffer(8)),
  'view of a memory': () => new Int32Array(instance.exports.memory.buffer),
  'fake typed array': () => Object.create(Int32Array.prototype),
  'proxy of a typed array': () => new Proxy(new Int32Array(4), {}),
  'global object': () => globalThis,
  'WebAssembly in a realm': () => ({ WebAssembly }),
  'realm with a throwing getter': () =>
    Object.create(null, { WebAssembly: { get: refuse } })
}
