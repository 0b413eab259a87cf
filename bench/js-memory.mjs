// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The cost of holding instances: of tracking a new one, alone and beside many
 * others (the baseline stores into its memory, which causes the same page fault);
 * and of checking whether an instance was collected.
 *
 *     node --expose-gc bench/js-memory.mjs [--rounds N]
 *
 * A sample is the mean of one round; rounds, garbage and loops as in js-rounds.mjs.
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { parseArgs } from 'node:util'
import { compileAll } from './modules.mjs'

const USAGE = `usage: node --expose-gc bench/js-memory.mjs [--rounds N]
  --rounds N    samples of each row, 100 by default
  --help        this text`

const WARM_UP_ROUNDS = 3
const CALLS = 100 // new instances of a round
const LIVE = [1000, 10_000, 100_000] // instances whose entries are swept
const SHARERS = 1000 // of them in a memory
const WORD = 1024 // where the module has its signal word

const GOALS = {
  new_instance_tracked: { over: 3 },
  sweep_entry: { p50: 50 }
}

function print(row, unit, who, what, sample) {
  const goal = GOALS[row.replace(/_[0-9]+k$/, '')]
  const line = { bench: 'js-memory', row, who, what, unit, goal, sample }
  console.log(JSON.stringify(line))
}

function nsOf(run) {
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start)
}

async function collectGarbage() {
  for (let i = 0; i < 2; i++) {
    await new Promise(setImmediate)
    globalThis.gc()
  }
}

function tracked({ Instance }, module) {
  for (let i = 0; i < CALLS; i++) new Instance(module)
}

function touched({ Instance }, module) {
  for (let i = 0; i < CALLS; i++) {
    const { memory } = new Instance(module).exports
    new Uint32Array(memory.buffer)[WORD / 4] = 0
  }
}

/** microseconds */
async function newInstance({ install, uninstall }, module, ours) {
  await collectGarbage()
  if (ours) install()
  else uninstall()
  const run = ours ? tracked : touched
  return nsOf(() => run(WebAssembly, module)) / CALLS / 1000
}

async function measureNew(wasmsig, row, module, rounds) {
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const ours of round % 2 ? [true, false] : [false, true]) {
      const sample = await newInstance(wasmsig, module, ours)
      const who = ours ? 'wasmsig' : 'baseline'
      const what = ours ? undefined : 'a store to its memory'
      if (round >= 0) print(row, 'us', who, what, sample)
    }
  }
}

/**
 * Instances that share memories, each with its word at another address: the
 * address space is too small for 100,000 memories. They use several memories,
 * because a new instance is compared with all others in its memory.
 */
function grow(live, count, module) {
  let memory
  while (live.length < count) {
    const place = live.length % SHARERS
    if (place === 0) memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
    const env = { memory, at: WORD + 4 * place }
    live.push(new WebAssembly.Instance(module, { env }))
  }
}

/** Sweeps, beside as many WeakRef.deref() in JavaScript. */
function measureSweep(native, live, rounds) {
  const refs = live.map((instance) => new WeakRef(instance))
  const row = `sweep_entry_${live.length / 1000}k`
  let gone = 0
  const deref = () => {
    for (const ref of refs) if (ref.deref() === undefined) gone++
  }
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    let count = 0
    const swept = nsOf(() => (count = native.sweep())) / count
    const derefs = nsOf(deref) / live.length
    if (round < 0) continue
    print(row, 'ns', 'wasmsig', undefined, swept)
    print(row, 'ns', 'baseline', 'WeakRef.deref', derefs)
  }
  if (gone > 0) throw new Error('an instance has gone')
}

/** @returns the instances, which later rows need alive */
function measureSweeps({ install }, native, module, rounds) {
  install()
  const live = []
  for (const count of LIVE) {
    grow(live, count, module)
    measureSweep(native, live, rounds)
  }
  return live
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
    console.error(`js-memory: ${error.message}\n${USAGE}`)
    process.exit(2)
  }
  if (options.help) return console.log(USAGE)
  if (!globalThis.gc) throw new Error('needs node --expose-gc')

  const wasmsig = await import('wasmsig')
  const { default: native } = await import('../hosts/js/lib/native.js')
  wasmsig.install()
  const { words, placed } = await compileAll()
  const { rounds } = options
  const row = 'new_instance_tracked'
  await measureNew(wasmsig, row, words.module, rounds)
  const live = measureSweeps(wasmsig, native, placed.module, rounds)
  const fewer = Math.ceil(rounds / 4) // collections take longer with so many
  const beside = `${row}_beside_${live.length / 1000}k`
  await measureNew(wasmsig, beside, words.module, fewer)
  if (live.at(-1) === undefined) throw new Error('the instances were collected')
}

await main().catch((error) => {
  console.error(`js-memory: ${error.message}`)
  process.exitCode = 1
})
