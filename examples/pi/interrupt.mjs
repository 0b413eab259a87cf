// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Somebody who presses Ctrl-C while the main thread is busy: a worker thread
 * that sends the process a signal. Both sides of their agreement are here.
 */
import { once } from 'node:events'
import {
  Worker,
  isMainThread,
  parentPort,
  workerData
} from 'node:worker_threads'

/** @returns an interrupt whose thread is up, so that start() is exact */
export async function prepareInterrupt(signal, delayMs) {
  const started = new Int32Array(new SharedArrayBuffer(4))
  const sentAt = new BigInt64Array(new SharedArrayBuffer(8))
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { started, sentAt, signal, delayMs }
  })
  const exited = new Promise((resolve) => worker.once('exit', resolve))
  await once(worker, 'message')
  // One that is never started does not keep the process from ending.
  worker.unref()
  return {
    start() {
      Atomics.store(started, 0, 1)
      Atomics.notify(started, 0)
    },
    /** Resolves when a started interrupt has sent its signal. */
    over() {
      worker.ref()
      return exited
    },
    /** From the sending to `at` (process.hrtime); null if it was not sent. */
    msUntil(at) {
      const sent = Atomics.load(sentAt, 0)
      return sent > 0n && sent < at ? Number(at - sent) / 1e6 : null
    }
  }
}

function sendInTime({ started, sentAt, signal, delayMs }) {
  parentPort.postMessage('ready')
  Atomics.wait(started, 0, 0)
  Atomics.wait(started, 0, 1, delayMs)
  Atomics.store(sentAt, 0, process.hrtime.bigint())
  process.kill(process.pid, signal)
}

if (!isMainThread) sendInTime(workerData)
