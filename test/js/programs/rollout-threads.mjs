// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Prints whether the shim is installed, in the main thread and in three
 * workers.
 */
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { raise } from 'wasmsig'
import { guest } from '../support/guests.mjs'

const instance = new WebAssembly.Instance(new WebAssembly.Module(guest()))
const received = raise('SIGINT', instance)
if (isMainThread) {
  console.log(received)
  for (let i = 0; i < 3; i += 1) {
    const worker = new Worker(new URL(import.meta.url))
    worker.on('message', (answer) => console.log(answer))
  }
} else {
  parentPort.postMessage(received)
}
