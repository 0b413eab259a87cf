// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * How benchmarks in JavaScript measure: in rounds, which alternate between
 * wasmsig and the baseline, and in which of both begins. Garbage is collected
 * between them and never measured.
 *
 * Each contestant has a loop of its own, with the same text: V8 would compile a
 * shared loop for all of them, and inline no call in it.
 *
 * @typedef {object} Contestant
 * @property {number} [calls]    in a round
 * @property {(calls?: number) => number | Promise<number | void> | void} run
 *                               returns the sample, unless that is the time of
 *                               a call
 * @property {() => void} [prepare]  before the clock starts
 * @property {string} [what]     names a baseline
 *
 * @typedef {object} Row
 * @property {string} row
 * @property {string} [unit]     of the samples; 'us' if there is none
 * @property {object} [goal]     as report.mjs reads it
 * @property {number} [share]    of the requested rounds; 1 if left out
 * @property {Contestant} wasmsig
 * @property {Contestant} [baseline]
 */
import { parseArgs } from 'node:util'

const WARM_UP_ROUNDS = 3

const usage = (name, rounds) => `usage:
  node --expose-gc bench/${name}.mjs [--rounds N] [--only ROW]...
  --rounds N    samples of each row, ${rounds} by default
  --only ROW    this row; may be repeated; all rows by default
  --help        this text`

/** Two collections: the second one ends what the first one left to sweep. */
export async function collectGarbage() {
  for (let i = 0; i < 2; i++) {
    await new Promise(setImmediate) // until then, WeakRefs hold their targets
    globalThis.gc()
  }
}

async function takeSample({ calls, prepare, run }) {
  await collectGarbage()
  prepare?.()
  const start = process.hrtime.bigint()
  const result = run(calls)
  const sample = result instanceof Promise ? await result : result
  const ns = process.hrtime.bigint() - start
  return sample ?? Number(ns) / calls / 1000
}

function print(bench, { row, unit = 'us', goal }, who, what, sample) {
  console.log(JSON.stringify({ bench, row, who, what, unit, goal, sample }))
}

async function measure(bench, row, rounds) {
  const { wasmsig, baseline } = row
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const order = [['wasmsig', wasmsig]]
    if (baseline) order.push(['baseline', baseline])
    if (round % 2 !== 0) order.reverse()
    for (const [who, contestant] of order) {
      const sample = await takeSample(contestant)
      if (round >= 0) print(bench, row, who, contestant.what, sample)
    }
  }
}

function parse(defaultRounds) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: String(defaultRounds) },
      only: { type: 'string', multiple: true },
      help: { type: 'boolean', default: false }
    }
  })
  if (!/^[1-9]\d{0,4}$/.test(values.rounds)) {
    throw new Error(`--rounds must be 1 to 99999, not '${values.rounds}'`)
  }
  return { ...values, rounds: Number(values.rounds) }
}

function chosen(rows, only) {
  if (!only) return rows
  return only.map((name) => {
    const found = rows.find(({ row }) => row === name)
    if (!found) throw new Error(`there is no row '${name}'`)
    return found
  })
}

async function measureAll(name, { only, rounds }, makeRows) {
  if (!globalThis.gc) throw new Error('needs node --expose-gc')
  for (const row of chosen(await makeRows(), only)) {
    await measure(name, row, Math.ceil(rounds * (row.share ?? 1)))
  }
}

/**
 * The program bench/NAME.mjs.
 *
 * @param {string} name
 * @param {() => Promise<Row[]>} makeRows
 * @param {number} [rounds] by default
 */
export async function benchmark(name, makeRows, rounds = 100) {
  let options
  try {
    options = parse(rounds)
  } catch (error) {
    console.error(`${name}: ${error.message}\n${usage(name, rounds)}`)
    process.exit(2)
  }
  if (options.help) return console.log(usage(name, rounds))
  await measureAll(name, options, makeRows).catch((error) => {
    console.error(`${name}: ${error.message}`)
    process.exitCode = 1
  })
}
