// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * A guest in a worker thread of its own, which its owner can only terminate.
 *
 * workerData: `module`, and `startedAt`, a shared BigInt64Array for the time at
 * which a call without end begins. Messages: 'ready' when the guest has answered
 * a first call; 'spin' from the owner starts the call without end.
 */
import { parentPort, workerData } from 'node:worker_threads'

const { module, startedAt } = workerData
const { empty, forever } = new WebAssembly.Instance(module).exports

parentPort.on('message', () => {
  Atomics.store(startedAt, 0, process.hrtime.bigint())
  forever()
})
empty()
parentPort.postMessage('ready')
