// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Presses Ctrl-C while the main thread is busy: a worker thread that sends the
 * process a signal. The code of both threads is here.
 */
import { once } from 'node:events'
import {
  Worker,
  isMainThread,
  parentPort,
  workerData
} from 'node:worker_threads'

/** States of an interrupt; only one thread takes it out of STARTED. */
const STARTED = 1
const SENT = 2
const CANCELLED = 3

/** @returns an interrupt whose thread is up, so that start() is exact */
export async function prepareInterrupt(signal, delayMs) {
  const state = new Int32Array(new SharedArrayBuffer(4))
  const sentAt = new BigInt64Array(new SharedArrayBuffer(8))
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { state, sentAt, signal, delayMs }
  })
  const exited = new Promise((resolve) => worker.once('exit', resolve))
  await once(worker, 'message')
  // An interrupt that is never started does not keep the process alive.
  worker.unref()
  return {
    start() {
      Atomics.store(state, 0, STARTED)
      Atomics.notify(state, 0)
    },
    /**
     * Resolves when a started interrupt can send no signal any more. After a
     * person's Ctrl-C it would be the second one, which ends a process whose
     * guest has returned.
     */
    over() {
      Atomics.compareExchange(state, 0, STARTED, CANCELLED)
      Atomics.notify(state, 0)
      worker.ref()
      return exited
    },
    /** Time from the signal to `at` (process.hrtime); null: none was sent. */
    msUntil(at) {
      const sent = Atomics.load(sentAt, 0)
      return sent > 0n && sent < at ? Number(at - sent) / 1e6 : null
    }
  }
}

function sendInTime({ state, sentAt, signal, delayMs }) {
  parentPort.postMessage('ready')
  Atomics.wait(state, 0, 0)
  Atomics.wait(state, 0, STARTED, delayMs)
  if (Atomics.compareExchange(state, 0, STARTED, SENT) !== STARTED) return
  Atomics.store(sentAt, 0, process.hrtime.bigint())
  process.kill(process.pid, signal)
}

if (!isMainThread) sendInTime(workerData)
