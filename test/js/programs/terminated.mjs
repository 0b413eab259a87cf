// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Terminates worker threads that never return, and whose calls are killed again
 * and again: a kill's undo must not cancel the termination.
 */
import { once } from 'node:events'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { CpuBudget } from 'wasmsig'
import { caught, loopJs } from '../support/work.mjs'

async function terminateMany() {
  for (let i = 0; i < 20; i += 1) {
    const worker = new Worker(new URL(import.meta.url))
    await once(worker, 'message')
    await worker.terminate()
    console.log('ended')
  }
}

function loopForever() {
  const budget = new CpuBudget({ hard: 0.05 })
  parentPort.postMessage('started')
  for (;;) caught(() => budget.reset().run(loopJs))
}

if (isMainThread) await terminateMany()
else loopForever()
