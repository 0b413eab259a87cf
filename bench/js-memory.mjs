// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * What it costs to hold instances: to track a new one, beside the first store
 * to its memory, which takes a page fault either way; and to look whether an
 * instance has gone.
 *
 *     node --expose-gc bench/js-memory.mjs [--rounds N]
 *
 * A sample is the mean of one round; rounds, garbage and loops as in js.mjs.
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { parseArgs } from 'node:util'
import { compileAll } from './modules.mjs'

const USAGE = `usage: node --expose-gc bench/js-memory.mjs [--rounds N]
  --rounds N    samples of each row, 100 by default
  --help        this text`

const WARM_UP_ROUNDS = 3
const CALLS = 100 // new instances of a round
const LIVE = 1000 // instances whose entries are swept
const WORD = 1024 // where the module has its signal word

function print(row, unit, who, what, sample) {
  const line = { bench: 'js-memory', row, who, what, unit, sample }
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

async function measureNew(wasmsig, module, rounds) {
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const ours of round % 2 ? [true, false] : [false, true]) {
      const sample = await newInstance(wasmsig, module, ours)
      const who = ours ? 'wasmsig' : 'baseline'
      const what = ours ? undefined : 'a store to its memory'
      if (round >= 0) print('new_instance_tracked', 'us', who, what, sample)
    }
  }
}

/** Sweeps, beside a look at as many weak references from JavaScript. */
function measureSweep({ install }, native, module, rounds) {
  install()
  const live = Array.from(
    { length: LIVE },
    () => new WebAssembly.Instance(module)
  )
  const refs = live.map((instance) => new WeakRef(instance))
  let gone = 0
  const deref = () => {
    for (const ref of refs) if (ref.deref() === undefined) gone++
  }
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    let count = 0
    const swept = nsOf(() => (count = native.sweep())) / count
    const derefs = nsOf(deref) / LIVE
    if (round < 0) continue
    print('sweep_entry', 'ns', 'wasmsig', undefined, swept)
    print('sweep_entry', 'ns', 'baseline', 'WeakRef.deref', derefs)
  }
  if (live.length !== LIVE || gone > 0) throw new Error('an instance has gone')
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
  const { module } = (await compileAll()).words
  await measureNew(wasmsig, module, options.rounds)
  measureSweep(wasmsig, native, module, options.rounds)
}

await main().catch((error) => {
  console.error(`js-memory: ${error.message}`)
  process.exitCode = 1
})
