// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Releases instances and the memories that they imported, with --expose-gc, and
 * continues to raise signals.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { CpuBudget, install, raise } from 'wasmsig'
import { IMPORTED, guest } from '../support/guests.mjs'

install()
const module = new WebAssembly.Module(guest({ memory: IMPORTED }))

for (let i = 0; i < 200; i += 1) {
  const memory = new WebAssembly.Memory({ initial: 1 })
  new WebAssembly.Instance(module, { env: { memory } })
  if (i % 20 !== 0) continue
  await turn()
  gc()
  raise('SIGINT', 'process')
  const budget = new CpuBudget({ soft: 0.1 })
  budget.run(() => {
    while (budget.state === 'running');
  })
}
console.log('end')
