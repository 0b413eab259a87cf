// SPDX-License-Identifier: Apache-2.0 OR MIT
// Prints what notices limits, here and in a worker, and reaches a limit.
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { CpuBudget, CpuLimitError, stats } from 'wasmsig'

function killed() {
  try {
    new CpuBudget({ hard: 5 }).run(() => {
      for (;;);
    })
  } catch (error) {
    return error instanceof CpuLimitError
  }
}

const found = `${stats().firing} ${killed()}`
if (isMainThread) {
  console.log(`main ${found}`)
  const worker = new Worker(new URL(import.meta.url))
  worker.on('message', (message) => console.log(`worker ${message}`))
} else {
  parentPort.postMessage(found)
}
