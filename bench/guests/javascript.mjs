// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The cost of polls in a guest in this JavaScript host:
 *
 *     node bench/guests/javascript.mjs [--rounds N] [--only instrumented]
 *     bun bench/guests/javascript.mjs ...
 *
 * In each round each kernel runs once without polls and once with each kind of
 * them, in a random order; a sample is the CPU time of such a run. No signal is
 * raised: only the checks are measured.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { shuffle } from 'simple-statistics'

const GUESTS = fileURLToPath(
  new URL('../../build/release/bench/guests/kernels', import.meta.url)
)
const HOST = process.versions.bun ? 'bun' : 'node'
const LOOPING = ['nbody', 'sieve', 'spectral', 'mandelbrot', 'lcg']
const RECURSING = ['fib'] // the median is of the others
const KERNELS = [...LOOPING, ...RECURSING]

/** Whether the engine accepts (module (memory 0) (memory 0)). */
const hasSeveralMemories = WebAssembly.validate(
  new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0])
)

/** Kinds of polls, and what each should cost at most, by host. */
const GOALS = {
  hand: { node: { ratio: 1.02 } },
  call: {},
  compiler: {},
  instrumented: { bun: { ratio: 1.15 } },
  each: {},
  ...(hasSeveralMemories && { own: {} })
}
const LABELS = {
  hand: 'by hand',
  call: 'by hand, a call',
  compiler: 'by the compiler',
  instrumented: 'instrumented',
  each: 'instrumented, each turn',
  own: 'instrumented, each turn, a second memory'
}
const MEDIAN_GOALS = {
  hand: { node: { p50: 1.02 } },
  instrumented: { node: { p50: 1.1 }, bun: { p50: 1.15 } }
}

const RUN_MS = 6
// Until the engine's best code is ready. V8 has it at once, by a flag, which
// newer versions do not accept at run time.
const isOldV8 = HOST === 'node' && !hasSeveralMemories
const WARM_UP_MS = isOldV8 ? 50 : 400
if (isOldV8) setFlagsFromString('--no-liftoff')

function load(name) {
  const bytes = readFileSync(join(GUESTS, `${name}.wasm`))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  exports._initialize?.()
  return exports.run
}

// Of the thread, where the host knows it.
const usage =
  HOST === 'bun' || !process.threadCpuUsage
    ? process.cpuUsage
    : process.threadCpuUsage

function spentMs() {
  const { user, system } = usage()
  return (user + system) / 1000
}

function time(run, rounds) {
  const start = spentMs()
  run(rounds)
  return spentMs() - start
}

function warmUp(run) {
  const end = spentMs() + WARM_UP_MS
  while (spentMs() < end) run(1)
}

/** How many rounds take RUN_MS. */
function calibrate(run) {
  const quickest = (rounds) =>
    Math.min(...Array.from({ length: 5 }, () => time(run, rounds)))
  let rounds = 1
  while (quickest(rounds) < RUN_MS / 2) rounds *= 2
  return rounds
}

function prepare(kernel, kinds) {
  const runs = new Map()
  let result
  for (const kind of ['none', ...kinds]) {
    const run = load(`${kernel}.${kind}`)
    // The first run, because a kernel may continue where it ended.
    const answer = run(1)
    result ??= answer
    if (answer !== result)
      throw new Error(`${kernel}.${kind} has another result`)
    warmUp(run)
    runs.set(kind, run)
  }
  return { kernel, runs, rounds: calibrate(runs.get('none')) }
}

const print = (row, rest) =>
  console.log(JSON.stringify({ bench: 'guests', row, ...rest }))

function printRun(kernel, kind, goal, polled, bare) {
  const row = `${HOST}: ${kernel} ${LABELS[kind]}`
  const unit = 'ms'
  print(row, { who: 'wasmsig', unit, sample: polled, goal })
  print(row, { who: 'baseline', what: 'no polls', unit, sample: bare })
}

const median = (numbers) =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

/** The first round sets the order of the rows. */
function round(prepared, kinds, isFirst) {
  const order = isFirst ? (array) => [...array] : shuffle
  const ratios = new Map(kinds.map((kind) => [kind, []]))
  for (const { kernel, runs, rounds } of order(prepared)) {
    const times = new Map()
    for (const [kind, run] of order([...runs])) {
      times.set(kind, time(run, rounds))
    }
    const bare = times.get('none')
    for (const kind of kinds) {
      printRun(kernel, kind, GOALS[kind][HOST], times.get(kind), bare)
      if (LOOPING.includes(kernel))
        ratios.get(kind).push(times.get(kind) / bare)
    }
  }
  for (const kind of kinds) {
    print(`${HOST}: median kernel ${LABELS[kind]}`, {
      ...{ who: 'wasmsig', unit: 'x', sample: median(ratios.get(kind)) },
      goal: MEDIAN_GOALS[kind]?.[HOST]
    })
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    only: { type: 'string' }
  }
})
const kinds = Object.keys(GOALS).filter((k) => (values.only ?? k) === k)
const prepared = KERNELS.map((kernel) => prepare(kernel, kinds))
for (let i = 0; i < Number(values.rounds); i++) {
  round(prepared, kinds, i === 0)
}
