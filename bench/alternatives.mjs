// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * wasmsig beside what Node has for the same purpose: a `vm` timeout, and a
 * worker thread for each guest, which is terminated.
 *
 * Each contestant measures how late a stop is by the clock of its own limit:
 * wasmsig by the CPU clock of the thread, the others by wall time.
 *
 *     node --expose-gc bench/alternatives.mjs [--rounds N] [--only ROW]...
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import vm from 'node:vm'
import { Worker } from 'node:worker_threads'
import { lateKills, limitedCalls } from './js-limits.mjs'
import { benchmark, collectGarbage } from './js-rounds.mjs'
import { compileAll } from './modules.mjs'

const HARD = 20 // ms
const SLEEP = 15 // ms of a call that does not compute all the time
const SHARE = 0.3 // of the rounds, for rows that start threads
const WORKERS = 4 // at a time
const INSTANCES = 200 // at a time

const msSince = (start) => Number(process.hrtime.bigint() - start) / 1e6

/* -------------------------------------------------------- worker.terminate() */

class Guest {
  /** Its first call has returned when this resolves. */
  static async start(module) {
    const guest = new Guest()
    guest.startedAt = new BigInt64Array(new SharedArrayBuffer(8))
    guest.worker = new Worker(
      new URL('./alternatives-worker.mjs', import.meta.url),
      { workerData: { module, startedAt: guest.startedAt } }
    )
    await once(guest.worker, 'message')
    return guest
  }

  /** Ms past HARD at which its thread has ended. */
  async terminateLate() {
    this.worker.postMessage('spin')
    while (Atomics.load(this.startedAt, 0) === 0n) await sleep(1)
    const start = Atomics.load(this.startedAt, 0)
    await sleep(HARD - msSince(start))
    await this.worker.terminate()
    return msSince(start) - HARD
  }
}

/** Ms past HARD, at which a call without end has been stopped. */
function lateStops(wasmsig, exports, module) {
  const [{ baseline }, byCpu] = lateKills(wasmsig, exports)
  const ours = { unit: 'ms', wasmsig: byCpu.wasmsig }
  const terminate = {
    what: 'worker.terminate()',
    run: async () => (await Guest.start(module)).terminateLate()
  }
  return [
    { ...ours, row: 'late_beside_timeout', baseline },
    {
      ...ours,
      row: 'late_beside_terminate',
      share: SHARE,
      baseline: terminate
    }
  ]
}

/** From a kill until the next call has returned. */
function nextCallAfterKill({ CpuBudget }, { empty, forever }, module) {
  const budget = new CpuBudget({ hard: HARD })
  return {
    row: 'next_call_after_kill',
    unit: 'ms',
    share: SHARE,
    wasmsig: {
      run() {
        kill(budget, forever)
        const start = process.hrtime.bigint()
        budget.reset().run(empty)
        return msSince(start)
      }
    },
    baseline: {
      what: 'a new worker',
      async run() {
        const start = process.hrtime.bigint()
        const { worker } = await Guest.start(module)
        const ms = msSince(start)
        await worker.terminate()
        return ms
      }
    }
  }
}

/** How much a guest adds to the resident memory, KiB. */
function memoryOfGuests(module) {
  const kib = () => process.memoryUsage.rss() / 1024
  return {
    row: 'memory_per_guest',
    unit: 'KiB',
    share: SHARE,
    wasmsig: {
      async run() {
        const before = kib()
        const live = []
        for (let i = 0; i < INSTANCES; i++)
          live.push(new WebAssembly.Instance(module))
        const grown = kib() - before
        return grown / live.length
      }
    },
    baseline: {
      what: 'a worker',
      async run() {
        const before = kib()
        const live = await Promise.all(
          Array.from({ length: WORKERS }, () => Guest.start(module))
        )
        const grown = kib() - before
        await Promise.all(live.map(({ worker }) => worker.terminate()))
        await collectGarbage()
        return grown / live.length
      }
    }
  }
}

/* ----------------------------------------------------------- wall, CPU time */

function kill(budget, forever) {
  try {
    budget.reset().run(forever)
  } catch (error) {
    if (error.code === 'ERR_WASMSIG_CPU_LIMIT') return
    throw error
  }
  throw new Error('a call without end has returned')
}

/** CPU ms that a call gets before it is stopped, if it sleeps first. */
function cpuOfSleepers({ CpuBudget }, { forever }) {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const work = () => {
    Atomics.wait(cell, 0, 0, SLEEP)
    forever()
  }
  const budget = new CpuBudget({ hard: HARD })
  globalThis.wasmsigBenchSleeper = work
  const script = new vm.Script('wasmsigBenchSleeper()')
  const cpuOf = (stopped) => {
    const before = process.cpuUsage()
    stopped()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  const timeout = () => {
    try {
      script.runInThisContext({ timeout: HARD })
    } catch (error) {
      if (error.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    }
  }
  return {
    row: 'cpu_of_a_sleeper',
    unit: 'ms',
    wasmsig: { run: () => cpuOf(() => kill(budget, work)) },
    baseline: { what: 'vm.Script timeout', run: () => cpuOf(timeout) }
  }
}

async function makeRows() {
  const wasmsig = await import('wasmsig')
  const { guest } = await compileAll()
  wasmsig.install()
  const { exports } = new WebAssembly.Instance(guest.module)
  const [limitedCall] = limitedCalls(wasmsig.limitCpu, exports.empty)
  return [
    limitedCall,
    cpuOfSleepers(wasmsig, exports),
    ...lateStops(wasmsig, exports, guest.module),
    nextCallAfterKill(wasmsig, exports, guest.module),
    memoryOfGuests(guest.module)
  ]
}

await benchmark('alternatives', makeRows, 30)
