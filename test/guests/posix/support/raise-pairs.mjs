// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Another thread raises SIGUSR1 and SIGUSR2 in counts.c, close to each other, and
 * waits until a handler has heard both, again and again:
 *
 *     node raise-pairs.mjs FILE.wasm TURNS [--word-alone]
 *
 * With --word-alone the host is shown no pending set: then the first of a pair may
 * be hidden by the second, and only that one is waited for. Exit status 7 if
 * each was heard; it dies if one was not, in ten seconds of silence.
 */
import { once } from 'node:events'
import { readFileSync, writeSync } from 'node:fs'
import { WASI } from 'node:wasi'
import {
  Worker,
  isMainThread,
  parentPort,
  workerData
} from 'node:worker_threads'

import { install, raise } from '../../../../hosts/js/lib/index.mjs'

const SIGUSR1 = 10
const SIGUSR2 = 12
const SILENCE_MS = 10_000

async function run(file, turns, wordAlone) {
  const counts = new Int32Array(new SharedArrayBuffer(4 * 65))
  const data = { counts, turns: Number(turns), wordAlone: Boolean(wordAlone) }
  const worker = new Worker(new URL(import.meta.url), { workerData: data })
  await once(worker, 'message')
  install()
  const wasi = new WASI({ version: 'preview1', args: [file] })
  let instance
  const imports = { ...wasi.wasiImport }
  imports.fd_write = (fd, vectors, count, size) => {
    if (fd !== 99) return wasi.wasiImport.fd_write(fd, vectors, count, size)
    const view = new DataView(instance.exports.memory.buffer)
    const signal = view.getUint8(view.getUint32(vectors, true))
    view.setUint32(size, 1, true)
    Atomics.add(counts, signal, 1)
    return 0
  }
  const bytes = readFileSync(file)
  const name = '__instance_signal_pending'
  if (wordAlone) bytes.write(name.toUpperCase(), bytes.indexOf(name))
  instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    wasi_snapshot_preview1: imports
  })
  process.exitCode = wasi.start(instance)
}

/** Whether it rises above `before`. */
function rises(counts, signal, before) {
  let seen = Date.now()
  for (let look = 1; Atomics.load(counts, signal) === before; look++)
    if (look % 1000 === 0 && Date.now() - seen > SILENCE_MS) return false
  return true
}

function raisePairs({ counts, turns, wordAlone }) {
  parentPort.postMessage('ready')
  rises(counts, 0, 0)
  for (let turn = 0; turn < turns; turn++) {
    const [one, other] = [SIGUSR1, SIGUSR2].map((n) => Atomics.load(counts, n))
    raise(SIGUSR1, 'process')
    for (let pause = turn % 64; pause > 0; pause--) Atomics.load(counts, 0)
    raise(SIGUSR2, 'process')
    const isHeard =
      rises(counts, SIGUSR2, other) &&
      (wordAlone || rises(counts, SIGUSR1, one))
    if (isHeard) continue
    writeSync(2, `turn ${turn} of ${turns}: a signal was not heard\n`)
    process.kill(process.pid, 'SIGKILL') // the other thread computes for ever
  }
  raise('SIGTERM', 'process')
}

if (isMainThread) await run(...process.argv.slice(2))
else raisePairs(workerData)
