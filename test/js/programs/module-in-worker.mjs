// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Compiles a module here, and instantiates it in a worker thread. */
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { install, raise } from 'wasmsig'
import { guest } from '../support/guests.mjs'

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url))
  worker.postMessage(new WebAssembly.Module(guest()))
} else {
  install()
  parentPort.once('message', (module) => {
    const received = raise('SIGINT', new WebAssembly.Instance(module))
    console.log(JSON.stringify({ received }))
    parentPort.close()
  })
}
