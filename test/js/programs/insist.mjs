// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Forwards SIGINT with insist: 2. A worker thread watches the guest's memory
 * and prints the effect of each signal, while this thread is busy in the guest,
 * which ignores signals or acknowledges them.
 */
import { writeSync } from 'node:fs'
import { Worker, isMainThread, workerData } from 'node:worker_threads'
import { forward, install } from 'wasmsig'
import { SHARED, instantiate } from '../support/guests.mjs'

const [mode] = process.argv.slice(2)
const ANSWERS = 3
const SIGNAL_WORD = 1024 / 4
const ANSWERED = 2048 / 4

function runGuest() {
  install()
  const limits = { initial: 1, maximum: 16, shared: true }
  const memory = new WebAssembly.Memory(limits)
  const { exports } = instantiate({ memory: SHARED }, { env: { memory } })
  forward(['SIGINT'], { insist: 2 })
  const options = { argv: [mode], workerData: memory }
  new Worker(new URL(import.meta.url), options).once('online', () => {
    if (mode === 'ignoring') exports.burn()
    else exports.answer(ANSWERS)
    writeSync(1, 'returned\n')
    process.exit(0)
  })
}

/** Reads what the guest's mode leaves in its memory, and changes nothing. */
function watch() {
  const words = new Uint32Array(workerData.buffer)
  const pause = new Int32Array(new SharedArrayBuffer(4))
  const watched = mode === 'ignoring' ? SIGNAL_WORD : ANSWERED
  let last = 0
  writeSync(1, 'watching\n')
  for (;;) {
    const now = Atomics.load(words, watched)
    if (now !== last) writeSync(1, 'delivered\n')
    last = now
    Atomics.wait(pause, 0, 0, 1)
  }
}

if (isMainThread) runGuest()
else setImmediate(watch) // Node 22 aborts if the kill ends this module's evaluation
