// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A worker with a hundred sections of a name; posts their CPU time. */
import { parentPort } from 'node:worker_threads'
import { CpuBudget } from 'wasmsig'
import { spend } from '../support/work.mjs'

let used = 0
for (let i = 0; i < 100; i++) {
  const budget = new CpuBudget({ measure: true, name: 'of workers' })
  budget.run(spend, 0.01)
  used += budget.used
}
parentPort.postMessage(used)
