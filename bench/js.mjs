// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * What wasmsig costs a JavaScript program: a call with limits, and a new
 * Instance while the shim is installed. And how late its soft signal is there.
 *
 *     node --expose-gc bench/js.mjs [--rounds N]
 *
 * A sample is the mean time of a call in one round, or what a round's one run
 * of a guest shows. Rounds alternate between wasmsig and the baseline, and so
 * does who begins. Garbage is collected between them, so that freeing instances
 * is not measured; an instance's memory holds gigabytes of address space, so
 * that a round cannot make many.
 *
 * Each contestant has a loop of its own, though they look alike: one loop for
 * all would be compiled for all, and none of the calls in it inlined.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { parseArgs } from 'node:util'
import vm from 'node:vm'
import { compileAll } from './modules.mjs'

const USAGE = `usage: node --expose-gc bench/js.mjs [--rounds N]
  --rounds N    samples of each row, 100 by default
  --help        this text`

const LIMITS = { soft: 50, hard: 100 } // CPU ms
const WARM_UP_ROUNDS = 3
const TIMER = 1 // numbers of wasmsig_firing
const WATCHDOG = 2

/**
 * @typedef {object} Contestant
 * @property {number} [calls]    in a round
 * @property {(calls?: number) => number | void} run  answers the sample, if it
 *                               is not the time of a call
 * @property {() => void} [prepare]  before the clock starts
 * @property {string} [what]     names a baseline
 *
 * @typedef {object} Row
 * @property {string} row
 * @property {string} [unit]     of the samples; 'us' if there is none
 * @property {Contestant} wasmsig
 * @property {Contestant} baseline
 */

function limitedCalls(limitCpu, empty) {
  const limited = limitCpu(empty, LIMITS)
  const wasmsig = {
    calls: 20000,
    run(calls) {
      for (let i = 0; i < calls; i++) limited()
    }
  }

  globalThis.wasmsigBenchEmpty = empty
  const script = new vm.Script('wasmsigBenchEmpty()')
  const options = { timeout: LIMITS.hard }
  const timeout = {
    what: 'vm.Script timeout',
    calls: 500,
    run(calls) {
      for (let i = 0; i < calls; i++) script.runInThisContext(options)
    }
  }
  const plain = {
    what: 'plain call',
    calls: 200000,
    run(calls) {
      for (let i = 0; i < calls; i++) empty()
    }
  }
  return [
    { row: 'limited_call', wasmsig, baseline: timeout },
    { row: 'limited_call_vs_plain', wasmsig, baseline: plain }
  ]
}

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

function newInstances(shim, row, calls, { module, imports }) {
  return {
    row,
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

/** Two collections: the second ends what the first left to sweep. */
async function collectGarbage() {
  for (let i = 0; i < 2; i++) {
    await new Promise(setImmediate) // until then, WeakRefs hold their targets
    globalThis.gc()
  }
}

async function takeSample({ calls, prepare, run }) {
  await collectGarbage()
  prepare?.()
  const start = process.hrtime.bigint()
  const sample = run(calls)
  const ns = process.hrtime.bigint() - start
  return sample ?? Number(ns) / calls / 1000
}

function print(row, unit, who, what, sample) {
  console.log(JSON.stringify({ bench: 'js', row, who, what, unit, sample }))
}

async function measure({ row, unit = 'us', wasmsig, baseline }, rounds) {
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const order = [
      ['wasmsig', wasmsig],
      ['baseline', baseline]
    ]
    if (round % 2 !== 0) order.reverse()
    for (const [who, contestant] of order) {
      const sample = await takeSample(contestant)
      if (round >= 0) print(row, unit, who, contestant.what, sample)
    }
  }
}

function parse() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '100' },
      help: { type: 'boolean', default: false }
    }
  })
  if (!/^[1-9]\d{0,4}$/.test(values.rounds)) {
    throw new Error(`--rounds must be 1 to 99999, not '${values.rounds}'`)
  }
  return { help: values.help, rounds: Number(values.rounds) }
}

async function main() {
  let options
  try {
    options = parse()
  } catch (error) {
    console.error(`js: ${error.message}\n${USAGE}`)
    process.exit(2)
  }
  if (options.help) return console.log(USAGE)
  if (!globalThis.gc) throw new Error('needs node --expose-gc')

  const wasmsig = await import('wasmsig')
  const { default: native } = await import('../hosts/js/lib/native.js')
  const { install, uninstall, limitCpu } = wasmsig
  const modules = await compileAll()
  const shim = { install: () => install(), uninstall: () => uninstall() }

  install()
  const guest = new WebAssembly.Instance(modules.words.module)
  const polling = new WebAssembly.Instance(modules.polling.module)
  const rows = [
    ...limitedCalls(limitCpu, guest.exports.empty),
    newInstances(shim, 'new_instance_untracked', 100, modules.small),
    newInstances(shim, 'new_instance_bare', 500, modules.bare),
    newInstances(shim, 'new_instance_large', 50, modules.large),
    newInstances(shim, 'new_instance_tracked', 100, modules.words),
    lateSignals(wasmsig, native, polling)
  ]
  for (const row of rows) await measure(row, options.rounds)
}

await main().catch((error) => {
  console.error(`js: ${error.message}`)
  process.exitCode = 1
})
