// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A worker tracks a word of the main thread's, and ends inside a section. */
import { once } from 'node:events'
import { Worker, isMainThread, workerData } from 'node:worker_threads'
import { CpuBudget, raise, track } from 'wasmsig'

if (isMainThread) {
  const word = new Int32Array(new SharedArrayBuffer(4))
  const url = new URL(import.meta.url)
  const worker = new Worker(url, { workerData: word })
  await once(worker, 'message')
  raise('SIGINT', 'process')
  console.log(`in the worker ${word[0]}`)
  worker.postMessage('end')
  await once(worker, 'exit')
  word[0] = 0
  const reached = raise('SIGTERM', 'process')
  console.log(`after it ${reached} ${word[0]}`)
} else {
  const { parentPort } = await import('node:worker_threads')
  track({ signal: workerData })
  parentPort.on('message', () =>
    new CpuBudget({ measure: true }).run(() => process.exit())
  )
  parentPort.postMessage('tracked')
}
