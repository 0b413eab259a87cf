// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A worker thread that runs tasks, one message at a time. */
import { parentPort } from 'node:worker_threads'
import * as wasmsig from 'wasmsig'
import { SHARED, instantiate, read } from '../support/guests.mjs'
import { caught, spend } from '../support/work.mjs'

wasmsig.install()
const instance = instantiate({ words: ['signal', 'terminated'] })
const { burn, spin, work } = instance.exports

let shared

const TASKS = {
  read: () => read(instance, 'signal'),
  stats: () => wasmsig.stats(),
  raise: ([signal, target]) => wasmsig.raise(signal, target),
  raiseOwn: (signal) => wasmsig.raise(signal, instance),
  work: (turns) => work(turns),

  share(memory) {
    const options = { memory: SHARED, started: false }
    shared = instantiate(options, { env: { memory } })
    return read(memory, 'signal')
  },
  raiseShared: (signal) => wasmsig.raise(signal, shared),

  spin() {
    parentPort.postMessage('spinning')
    return spin()
  },

  soft(limit) {
    const budget = new wasmsig.CpuBudget({ soft: limit })
    return {
      received: budget.run(spin),
      used: budget.used,
      state: budget.state
    }
  },

  hard(limit) {
    const budget = new wasmsig.CpuBudget({ hard: limit })
    const { name, code, used } = caught(() => budget.run(burn))
    return { name, code, used, state: budget.state }
  },

  spend: (milliseconds) => spend(milliseconds),

  exit(status) {
    let went = false
    try {
      new wasmsig.CpuBudget({ hard: 10_000 }).run(() => process.exit(status))
    } finally {
      went = true
    }
    return went
  },

  forward(signals) {
    const error = caught(() => wasmsig.forward(signals))
    return { name: error?.name, code: error?.code }
  },

  /** Never returns within its limit. */
  burn(limit) {
    const budget = new wasmsig.CpuBudget({ hard: limit })
    parentPort.postMessage('started')
    return caught(() => budget.run(burn))?.name
  }
}

parentPort.on('message', ([task, argument]) => {
  parentPort.postMessage({ done: TASKS[task](argument) })
})
