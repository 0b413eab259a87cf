// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What a trace shows: traced.mjs MODE. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker, isMainThread, workerData } from 'node:worker_threads'
import { CpuBudget, forward, install, limitCpu, raise } from 'wasmsig'
import { guest, instantiate } from '../support/guests.mjs'

const program = fileURLToPath(import.meta.url)
const stop = (call) => {
  try {
    return call()
  } catch (error) {
    return error.code
  }
}

const modes = {
  soft() {
    const { exports } = instantiate()
    return new CpuBudget({ soft: 20, hard: 60_000 }).run(exports.answer, 1)
  },
  hard() {
    const { exports } = instantiate()
    return stop(() => new CpuBudget({ soft: 20, hard: 40 }).run(exports.burn))
  },
  wall() {
    const cell = new Int32Array(new SharedArrayBuffer(4))
    return stop(limitCpu(() => Atomics.wait(cell, 0, 0), { wall: 20 }))
  },
  async compile() {
    const bytes = guest()
    new WebAssembly.Module(bytes)
    await WebAssembly.compile(bytes)
    await WebAssembly.instantiate(bytes)
    await WebAssembly.compile(new Uint8Array(9)).catch(() => {})
    return 'compiled'
  },
  async waits() {
    const budget = new CpuBudget({ hard: 60_000 })
    return budget.runAsync(async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return 'waited'
    })
  },
  raised() {
    const { exports } = instantiate()
    raise('SIGUSR1')
    return exports.answer(1)
  },
  async workers() {
    const workers = [1, 2, 3].map(
      () => new Worker(program, { workerData: 'soft' })
    )
    await Promise.all(workers.map((worker) => once(worker, 'exit')))
    return modes.soft()
  },
  async forwarded() {
    const { exports } = instantiate()
    forward(['SIGUSR2'])
    process.stdout.write('ready\n')
    return exports.answer(1)
  },
  killed() {
    const { exports } = instantiate()
    process.stdout.write('ready\n')
    return new CpuBudget({ hard: 600_000 }).run(exports.burn)
  },
  child() {
    const { stderr } = spawnSync(process.execPath, [program, 'soft'])
    process.stdout.write(stderr)
    return modes.soft()
  },
  exits() {
    new CpuBudget({ hard: 60_000 }).run(() => process.exit(5))
  },
  many() {
    const budget = new CpuBudget({ hard: 600_000 })
    for (let i = 0; i < 100_000; i++) budget.run(() => {})
    return 'many'
  }
}

install()
const result = await modes[isMainThread ? process.argv[2] : workerData]()
if (isMainThread) console.log(`result: ${result}`)
