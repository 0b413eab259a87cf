// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The cost of wasmsig in a JavaScript program: of a call with limits, of a new
 * Instance while the shim is installed, and of a turn of a promise while work is
 * charged; and how late soft signals and kills are.
 *
 *     node --expose-gc bench/js.mjs [--rounds N] [--only ROW]...
 *
 * A sample is the mean time of a call in one round, or the result of one run of a
 * guest. An instance's memory reserves gigabytes of address space,
 * so a round cannot make many instances. js-rounds.mjs describes how it is measured.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { lateKills, limitedCalls } from './js-limits.mjs'
import { benchmark } from './js-rounds.mjs'
import { compileAll, manyNames } from './modules.mjs'

const UNSEEN = { ratio: 1.01 } // the goal where a module has no words
const TIMER = 1 // numbers of wasmsig_firing
const WATCHDOG = 2

/** CPU time that a guest runs past its soft limit before it sees the signal. */
function lateSignals({ CpuBudget }, native, guest) {
  const soft = 20 // CPU ms
  const budget = new CpuBudget({ soft, hard: 1000, instances: [guest] })
  const { spin } = guest.exports
  const run = () => {
    budget.reset().run(spin)
    const late = budget.used - soft
    if (late < 0) console.error(`js: ${-late} ms EARLY`)
    return late
  }
  return {
    row: 'soft_late',
    unit: 'ms',
    wasmsig: { prepare: () => native.setFiring(TIMER), run },
    baseline: {
      what: 'sleeping watchdog',
      prepare: () => native.setFiring(WATCHDOG),
      run
    }
  }
}

/** CPU ms of this thread, exact because it has just slept: sched(7), proc(5). */
function threadCpu(cell) {
  Atomics.wait(cell, 0, 0, 1)
  const text = readFileSync('/proc/thread-self/schedstat', 'latin1')
  return Number(text.split(' ')[0]) / 1e6
}

/** CPU time that the kernel counts, but `used` does not. */
function chargedBeside({ CpuBudget }) {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const budget = new CpuBudget({ hard: 1e6 })
  let turn = 0
  const work = () => {
    const end = performance.now() + 1 + (turn++ % 7)
    while (performance.now() < end);
  }
  const readings = (between) => {
    const before = threadCpu(cell)
    const used = between()
    return (threadCpu(cell) - before - used) * 1000
  }
  return {
    row: 'charged_beside',
    unit: 'us',
    goal: { over: 50 },
    wasmsig: {
      prepare: () => budget.reset(),
      run: () =>
        readings(() => {
          budget.run(work)
          return budget.used
        })
    },
    baseline: { what: 'two readings', run: () => readings(() => 0) }
  }
}

/**
 * The first kill in a module with as many named functions as a large program: V8
 * has read none of the names before.
 */
function firstKills({ CpuBudget }) {
  const hard = 20 // ms
  const budget = new CpuBudget({ hard })
  let forever
  return {
    row: 'kill_late_first',
    unit: 'ms',
    goal: { p99: 1 },
    wasmsig: {
      prepare: () => {
        forever = new WebAssembly.Instance(manyNames()).exports.f
        budget.reset()
      },
      run: () => {
        try {
          budget.run(forever)
        } catch (error) {
          if (error.code !== 'ERR_WASMSIG_CPU_LIMIT') throw error
        }
        return budget.used - hard
      }
    }
  }
}

/**
 * CPU time past the limit, of loops that mostly run functions of the host for a
 * millisecond each, in code that V8 still interprets: there V8 checks the stack
 * least often. Each kill has a new function, for which V8 has begun to collect
 * feedback.
 */
function lateKillsAmongHosts({ CpuBudget }) {
  const hard = 20 // ms
  const budget = new CpuBudget({ hard })
  const data = Buffer.alloc(2e5, 'wasmsig')
  const many = Array.from({ length: 300 }, (_, i) => ({ i, s: `x${i}` }))
  const functions = {
    hash: () => createHash('sha256').update(data).digest(),
    gzip: () => gzipSync(data),
    inspect: () => inspect(many, { maxArrayLength: 300 })
  }
  const fresh = (name) => {
    const loop = new Function('f', 'n', 'for (let i = 0; i < n; i++) f()')
    loop(functions[name], 30)
    return loop
  }
  const row = (name) => ({
    row: `kill_late_host_${name}`,
    unit: 'ms',
    goal: { p99: 10 },
    wasmsig: {
      prepare: () => budget.reset(),
      run: () => {
        try {
          budget.run(fresh(name), functions[name], Infinity)
        } catch (error) {
          if (error.code !== 'ERR_WASMSIG_CPU_LIMIT') throw error
        }
        return budget.used - hard
      }
    }
  })
  return Object.keys(functions).map(row)
}

/**
 * Turns of promises outside of a runAsync that has not ended, and inside. After
 * the first runAsync, all promises of the process can be hooked. So these rows
 * come last, and their baseline runs after one, too.
 */
function promiseTurns({ CpuBudget }) {
  const calls = 20000
  const budget = new CpuBudget({ hard: 1e6 })
  const turns = async (calls) => {
    for (let i = 0; i < calls; i++) await undefined
  }
  let end
  const beside = {
    calls,
    prepare: () => {
      budget.runAsync(() => new Promise((resolve) => (end = resolve)))
    },
    run: (calls) => turns(calls).then(end)
  }
  const inside = { calls, run: (calls) => budget.runAsync(() => turns(calls)) }
  const none = { what: 'none alive', calls, run: turns }
  return [
    { row: 'promise_turn_beside_async', wasmsig: beside, baseline: none },
    { row: 'promise_turn_in_async', wasmsig: inside, baseline: none }
  ]
}

function newInstances(shim, row, calls, { module, imports }, goal) {
  return {
    row,
    goal,
    wasmsig: {
      calls,
      prepare: shim.install,
      run(calls) {
        const { Instance } = WebAssembly
        for (let i = 0; i < calls; i++) new Instance(module, imports)
      }
    },
    baseline: {
      what: 'without the shim',
      calls,
      prepare: shim.uninstall,
      run(calls) {
        const { Instance } = WebAssembly
        for (let i = 0; i < calls; i++) new Instance(module, imports)
      }
    }
  }
}

async function makeRows() {
  const wasmsig = await import('wasmsig')
  const { default: native } = await import('../hosts/js/lib/native.js')
  const { install, uninstall, limitCpu } = wasmsig
  const modules = await compileAll()
  const shim = { install: () => install(), uninstall: () => uninstall() }

  install()
  const guest = new WebAssembly.Instance(modules.words.module)
  const endless = new WebAssembly.Instance(modules.forever.module)
  const polling = new WebAssembly.Instance(modules.polling.module)
  return [
    ...limitedCalls(limitCpu, guest.exports.empty),
    newInstances(shim, 'new_instance_untracked', 100, modules.small, UNSEEN),
    newInstances(shim, 'new_instance_bare', 500, modules.bare, UNSEEN),
    newInstances(shim, 'new_instance_large', 50, modules.large, UNSEEN),
    newInstances(shim, 'new_instance_tracked', 100, modules.words),
    lateSignals(wasmsig, native, polling),
    chargedBeside(wasmsig),
    ...lateKills(wasmsig, endless.exports),
    firstKills(wasmsig),
    ...lateKillsAmongHosts(wasmsig),
    ...promiseTurns(wasmsig)
  ]
}

await benchmark('js', makeRows)
