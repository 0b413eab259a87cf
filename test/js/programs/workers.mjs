// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Starts and ends many worker threads, some at a time, while signals are raised
 * for the process; prints as JSON what remains. Arguments: how many, and how
 * they end.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { install, raise } from 'wasmsig'
import { instantiate } from '../support/guests.mjs'

const AT_ONCE = 4
const WARM_UP = 40 // until the C library has its arenas

const [count, end] = [Number(process.argv[2]), process.argv[3]]
const program = new URL('./workers-worker.mjs', import.meta.url)

install()
instantiate()

function taken() {
  const status = readFileSync('/proc/self/status', 'latin1')
  return {
    mib: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024,
    files: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length
  }
}

async function live() {
  const worker = new Worker(program, { workerData: end })
  const exit = once(worker, 'exit')
  await once(worker, 'message')
  raise('SIGUSR1', 'process')
  if (end === 'terminate') worker.terminate()
  await exit
}

async function liveAll(number) {
  let left = number
  const lane = async () => {
    while (left-- > 0) await live()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

await liveAll(WARM_UP)
const before = taken()
await liveAll(count)
const after = taken()
console.log(
  JSON.stringify({ before, after, reached: raise('SIGINT', 'process') })
)
