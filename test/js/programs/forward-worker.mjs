// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The main thread forwards SIGINT, the guest is busy in a worker thread. */
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { forward, install } from 'wasmsig'
import { instantiate } from '../support/guests.mjs'

if (isMainThread) {
  const forwarding = forward(['SIGINT'])
  const worker = new Worker(new URL(import.meta.url))
  worker.on('message', (text) => console.log(text))
  worker.on('exit', () => forwarding.stop())
} else {
  install()
  const { spin } = instantiate().exports
  parentPort.postMessage('busy')
  parentPort.postMessage(`received ${spin()}`)
}
