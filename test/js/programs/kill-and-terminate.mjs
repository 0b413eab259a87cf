// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Terminates workers at moments around their kills: each must end. */
import fs from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { CpuBudget } from 'wasmsig'

function killForever() {
  parentPort.postMessage('ready')
  for (;;) {
    try {
      new CpuBudget({ hard: 1 }).run(() => {
        for (;;) fs.readFileSync('/proc/self/maps')
      })
    } catch (error) {
      if (error.name !== 'CpuLimitError') throw error
    }
  }
}

async function main(count) {
  for (let i = 0; i < count; i += 1) {
    const worker = new Worker(new URL(import.meta.url))
    await new Promise((resolve) => worker.once('message', resolve))
    await after(Math.random() * 8)
    await worker.terminate()
  }
  console.log(`${count} workers ended`)
}

if (isMainThread) main(Number(process.argv[2]))
else setImmediate(killForever) // V8 aborts in the evaluation of a module
