// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Prints after how many microtasks promises of WebAssembly are settled, 1000 if
 * that takes a task, and in which order with other promises.
 */
import { install } from 'wasmsig'
import { IMPORTED, guest } from '../support/guests.mjs'

if (process.argv[2] === 'shim') install()

const bytes = guest({ memory: IMPORTED })
const module = new WebAssembly.Module(bytes)
const imports = { env: { memory: new WebAssembly.Memory({ initial: 1 }) } }

const CALLS = {
  module: () => WebAssembly.instantiate(module, imports),
  'module again': () => WebAssembly.instantiate(module, imports),
  bytes: () => WebAssembly.instantiate(bytes, imports),
  compile: () => WebAssembly.compile(bytes),
  nothing: () => WebAssembly.instantiate(),
  'module, bad imports': () => WebAssembly.instantiate(module, 5),
  'module, no memory': () => WebAssembly.instantiate(module, {}),
  'bytes, no memory': () => WebAssembly.instantiate(bytes, {}),
  rubbish: () => WebAssembly.instantiate(new Uint8Array(8), {})
}

async function turns(promise) {
  let settled = false
  const settle = () => (settled = true)
  promise.then(settle, settle)
  let count = 0
  while (!settled && count < 1000) {
    count += 1
    await null
  }
  return count
}

/** What runs between a call and the settlement of its promise. */
async function order(make) {
  const events = []
  const note = (text) => () => events.push(text)
  setImmediate(note('immediate'))
  process.nextTick(note('tick'))
  Promise.resolve().then(note('before 1')).then(note('before 2'))
  const promise = make()
  promise.then(note('settled 1'), note('settled 1')).then(note('settled 2'))
  Promise.resolve().then(note('after 1')).then(note('after 2'))
  await promise.catch(() => {})
  events.push('awaited')
  // The time of another thread's task is not fixed.
  return events.filter((event) => event !== 'immediate')
}

const result = {}
for (const [name, make] of Object.entries(CALLS)) {
  result[name] = [await turns(make()), await order(make)]
}
console.log(JSON.stringify(result))
