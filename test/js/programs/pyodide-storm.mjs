// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Another thread interrupts a loop of Python's again and again. Prints how many
 * interrupts were raised, and how many of them Python never heard of.
 *
 *     node pyodide-storm.mjs [--typed-array] [COUNT]
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
            heard()
`
const PATIENCE_NS = 50_000_000n

const now = () => process.hrtime.bigint()
const spin = (us) => {
  const end = now() + BigInt(Math.round(us * 1000))
  while (now() < end);
}

function interrupt({ heard, count }) {
  let lost = 0
  for (let i = 0; i < count; i++) {
    spin(20 + 100 * Math.random())
    const before = Atomics.load(heard, 0)
    raise('SIGINT', 'process')
    const end = now() + PATIENCE_NS
    while (Atomics.load(heard, 0) === before && now() < end);
    if (Atomics.load(heard, 0) === before) lost++
  }
  writeSync(1, JSON.stringify({ raised: count, lost }) + '\n')
  process.kill(process.pid, 'SIGTERM')
}

async function python({ heard, count, isTyped }) {
  const { loadPyodide } = await import('pyodide')
  const python = await loadPyodide()
  const words = new Int32Array(new SharedArrayBuffer(4))
  const { interruptBuffer } = track({ signal: words })
  python.setInterruptBuffer(
    isTyped ? new Uint8Array(words.buffer) : interruptBuffer
  )
  const note = () => void Atomics.add(heard, 0, 1)
  python.globals.set('heard', note)
  python.runPython(PROGRAM)
  const loop = python.globals.get('loop')

  const data = { workerData: { heard, count } }
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
  const heard = new Int32Array(new SharedArrayBuffer(4))
  await python({ heard, count, isTyped })
} else interrupt(workerData)
