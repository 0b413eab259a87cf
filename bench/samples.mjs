// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Raw samples, one JSON line each, as the benchmarks print them; the rows that
 * they belong to; and the figures of a row.
 *
 *     {"bench":"js","row":"call","who":"wasmsig","unit":"us","sample":1.5}
 *
 * `who` is "wasmsig" or "baseline"; a baseline's samples also say `what` it is.
 */
import { max, medianAbsoluteDeviation, quantile } from 'simple-statistics'

export class InputError extends Error {}

const isName = (value) => typeof value === 'string' && value !== ''

const FIELDS = {
  bench: isName,
  row: isName,
  who: (value) => value === 'wasmsig' || value === 'baseline',
  unit: isName,
  sample: Number.isFinite
}

const GOALS = ['p50', 'p99', 'ratio', 'over']

function isGoal(goal) {
  if (typeof goal !== 'object' || goal === null) return false
  const entries = Object.entries(goal)
  return (
    entries.length === 1 &&
    entries.every(([of, most]) => GOALS.includes(of) && Number.isFinite(most))
  )
}

function parseSample(line, where) {
  let sample
  try {
    sample = JSON.parse(line)
  } catch {
    throw new InputError(`${where}: not JSON: ${line.slice(0, 60)}`)
  }
  for (const [name, isValid] of Object.entries(FIELDS)) {
    const value = sample?.[name]
    if (value === undefined) throw new InputError(`${where}: no '${name}'`)
    if (!isValid(value)) {
      const found = JSON.stringify(value)
      throw new InputError(`${where}: '${name}' cannot be ${found}`)
    }
  }
  if (sample.who === 'baseline' && !isName(sample.what)) {
    throw new InputError(`${where}: a baseline must say 'what' it is`)
  }
  if (sample.goal !== undefined && !isGoal(sample.goal)) {
    const found = JSON.stringify(sample.goal)
    throw new InputError(`${where}: 'goal' cannot be ${found}`)
  }
  return sample
}

/** @param {string} name of the input, for errors */
export function parseSamples(lines, name) {
  return lines
    .split('\n')
    .flatMap((line, i) =>
      line.trim() === '' ? [] : [parseSample(line, `${name}:${i + 1}`)]
    )
}

/**
 * @typedef {object} Row
 * @property {string} bench
 * @property {string} row
 * @property {string} unit
 * @property {string?} what      the baseline; null: there is none
 * @property {object?} goal      what should be how much at most
 * @property {number[]} wasmsig  samples
 * @property {number[]} baseline samples
 */

function newRow({ bench, row, unit, goal = null }) {
  return { bench, row, unit, what: null, goal, wasmsig: [], baseline: [] }
}

/** @returns {Row[]} in the order in which they first appear */
export function group(samples) {
  const rows = new Map()
  for (const sample of samples) {
    const name = `${sample.bench}/${sample.row}`
    if (!rows.has(name)) rows.set(name, newRow(sample))
    const row = rows.get(name)
    if (sample.unit !== row.unit) {
      throw new InputError(`${name}: in ${row.unit} and in ${sample.unit}`)
    }
    if (sample.who === 'baseline') {
      row.what ??= sample.what
      if (sample.what !== row.what) {
        throw new InputError(`${name}: two baselines`)
      }
    }
    row[sample.who].push(sample.sample)
  }
  for (const [name, row] of rows) {
    if (row.wasmsig.length === 0) throw new InputError(`${name}: no wasmsig`)
  }
  return [...rows.values()]
}

const round = (value) => Number(value.toPrecision(5))

/** `spread`: the median distance of a sample from the median. */
function figures(samples) {
  const [p50, p99] = quantile(samples, [0.5, 0.99])
  return {
    ...{ p50: round(p50), p99: round(p99), max: round(max(samples)) },
    spread: round(medianAbsoluteDeviation(samples))
  }
}

/** With whether it is reached; null where there is nothing to compare. */
function judged(goal, values) {
  if (goal === null) return null
  const [[of, most]] = Object.entries(goal)
  const value = values[of]
  return value === null ? null : { of, most, met: value <= most }
}

/** @param {Row} row */
export function summarize({ bench, row, unit, what, goal, wasmsig, baseline }) {
  const ours = figures(wasmsig)
  const base = what === null ? null : { what, ...figures(baseline) }
  const ratio = base?.p50 ? round(ours.p50 / base.p50) : null
  const over = base ? round(ours.p50 - base.p50) : null
  return {
    bench,
    row,
    ...ours,
    unit,
    baseline: base,
    ratio,
    over,
    goal: judged(goal, { ...ours, ratio, over }),
    samples: wasmsig.length
  }
}
