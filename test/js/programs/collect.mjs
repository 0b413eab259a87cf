// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Makes many tracked instances and releases them, with --expose-gc; prints the
 * counts as JSON.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { install, raise, stats } from 'wasmsig'
import { guest } from '../support/guests.mjs'

const [batches, size] = process.argv.slice(2).map(Number)

install()
const module = new WebAssembly.Module(guest())
const make = () => new WebAssembly.Instance(module)

// Three that are still in use: the instance, one function, the memory.
const whole = make()
const { spin } = make().exports
const { memory } = make().exports
const made = 3 + batches * size

let peak = 0
const dropped = []
for (let batch = 0; batch < batches; batch += 1) {
  for (let i = 0; i < size; i += 1) {
    const instance = make()
    if (i === 0) dropped.push(new WeakRef(instance))
  }
  peak = Math.max(peak, stats().tracked.FIXED)
  await turn()
  gc()
  // Perhaps collected, and not swept: their words must still be mapped.
  raise('SIGUSR1')
}

const alive = raise('SIGTERM')
console.log(
  JSON.stringify({
    made,
    peak,
    alive,
    stats: stats(),
    gone: dropped.filter((ref) => ref.deref() === undefined).length,
    whole: whole.exports.spin(),
    spin: spin(),
    memory: new Uint32Array(memory.buffer)[256]
  })
)
