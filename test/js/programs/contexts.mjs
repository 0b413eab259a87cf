// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Makes node:vm contexts whose globals hold a tracked instance, and releases
 * them, with --expose-gc; prints as JSON what remains.
 */
import { setImmediate as turn } from 'node:timers/promises'
import vm from 'node:vm'
import { install, raise, stats } from 'wasmsig'
import { guest } from '../support/guests.mjs'

const COUNT = 30
const bytes = guest()
const contexts = []

function makeContext() {
  const context = vm.createContext({ bytes })
  install({ realm: vm.runInContext('globalThis', context) })
  vm.runInContext(
    `globalThis.instance =
       new WebAssembly.Instance(new WebAssembly.Module(bytes))`,
    context
  )
  contexts.push(new WeakRef(context))
}

for (let i = 1; i <= COUNT; i += 1) {
  makeContext()
  if (i % 5 !== 0) continue
  for (let j = 0; j < 2; j += 1) {
    await turn()
    gc()
  }
  // Collected, and not yet swept: their words must still be mapped.
  raise('SIGUSR1')
}
const gone = contexts.filter((ref) => ref.deref() === undefined).length
const { tracked, collected } = stats()
console.log(JSON.stringify({ made: COUNT, gone, tracked, collected }))
