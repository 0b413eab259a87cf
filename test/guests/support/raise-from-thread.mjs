// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Runs a program for WASI; another thread raises SIGINT in it when it has said
 * something: node raise-from-thread.mjs FILE.wasm
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { WASI } from 'node:wasi'
import {
  Worker,
  isMainThread,
  parentPort,
  workerData
} from 'node:worker_threads'
import { install, raise } from 'wasmsig'

async function run(file) {
  install()
  const said = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL(import.meta.url), { workerData: said })
  await once(worker, 'message')
  const wasi = new WASI({
    version: 'preview1',
    args: [file],
    returnOnExit: true
  })
  const imports = { ...wasi.wasiImport }
  imports.fd_write = (...args) => {
    Atomics.store(said, 0, 1)
    Atomics.notify(said, 0)
    return wasi.wasiImport.fd_write(...args)
  }
  const { instance } = await WebAssembly.instantiate(await readFile(file), {
    wasi_snapshot_preview1: imports
  })
  process.exitCode = wasi.start(instance)
}

/** Not at once: it is to come while the program computes. */
function raiseLater(said) {
  parentPort.postMessage('ready')
  Atomics.wait(said, 0, 0)
  Atomics.wait(said, 0, 1, 100)
  raise('SIGINT', 'process')
}

if (isMainThread) await run(process.argv[2])
else raiseLater(workerData)
