// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Another thread interrupts a Python loop again and again. Prints how many
 * interrupts were raised, and how many of them Python has lost: they were taken
 * from the word, and Python's handler has not run since.
 *
 *     node pyodide-storm.mjs [--typed-array] [COUNT]
 *
 * A thread that has taken an interrupt may be preempted before its handler, so
 * an interrupt counts as lost only after many seconds. With a typed array,
 * which loses some, it is a quarter of a second: there the figure is rough.
 */
import { writeSync } from 'node:fs'
import { Worker, isMainThread, workerData } from 'node:worker_threads'
import { once } from 'node:events'
import { raise, track } from 'wasmsig'

const PROGRAM = `
def loop():
    while True:
        try:
            while True:
                pass
        except KeyboardInterrupt:
            received()
`
const PATIENCE_NS = 20_000_000_000n
const SHORT_PATIENCE_NS = 250_000_000n

const now = () => process.hrtime.bigint()
const spin = (us) => {
  const end = now() + BigInt(Math.round(us * 1000))
  while (now() < end);
}

/** Whether Python received it; false: it was taken and lost. */
function interruptOnce(words, received, patience) {
  const before = Atomics.load(received, 0)
  const isReceived = () => Atomics.load(received, 0) !== before
  raise('SIGINT', 'process')
  while (Atomics.load(words, 0) !== 0);
  const end = now() + patience
  while (!isReceived() && now() < end);
  return isReceived()
}

function interrupt({ words, received, count, isTyped }) {
  const patience = isTyped ? SHORT_PATIENCE_NS : PATIENCE_NS
  let lost = 0
  for (let i = 0; i < count; i++) {
    spin(20 + 100 * Math.random())
    if (!interruptOnce(words, received, patience)) lost++
  }
  writeSync(1, JSON.stringify({ raised: count, lost }) + '\n')
  process.kill(process.pid, 'SIGTERM')
}

async function python({ received, count, isTyped }) {
  const { loadPyodide } = await import('pyodide')
  const python = await loadPyodide()
  const words = new Int32Array(new SharedArrayBuffer(4))
  const { interruptBuffer } = track({ signal: words })
  python.setInterruptBuffer(
    isTyped ? new Uint8Array(words.buffer) : interruptBuffer
  )
  const note = () => void Atomics.add(received, 0, 1)
  python.globals.set('received', note)
  python.runPython(PROGRAM)
  const loop = python.globals.get('loop')

  const data = { workerData: { words, received, count, isTyped } }
  await once(new Worker(new URL(import.meta.url), data), 'online')
  for (;;) {
    try {
      loop()
    } catch (error) {
      if (error.type !== 'KeyboardInterrupt') throw error
      note()
    }
  }
}

if (isMainThread) {
  const args = process.argv.slice(2)
  const isTyped = args.includes('--typed-array')
  const count = Number(args.find((arg) => arg !== '--typed-array') ?? 5000)
  const received = new Int32Array(new SharedArrayBuffer(4))
  await python({ received, count, isTyped })
} else interrupt(workerData)
