// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Reads raw samples, one JSON line each, and tells what they say: a table and
 * plots for people, then a JSON line a row for machines.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { max, medianAbsoluteDeviation, min, quantile } from 'simple-statistics'
import { plot } from './plot.mjs'

const USAGE = `usage: node bench/report.mjs [--json FILE] [FILE]...
  FILE           raw samples; standard input if there is none
  --json FILE    also write the JSON lines of the rows there
  --json -       print those lines, and nothing else
  --help         this text

A sample:
  {"bench":"js","row":"call","who":"wasmsig","unit":"us","sample":1.5}
who is "wasmsig" or "baseline"; a baseline's samples also say "what" it is.
A row may have no baseline. A sample may say the "goal" of its row, as
{"over":3}: the most that p50, p99, ratio or over (the difference of the
medians) should be.`

class UsageError extends Error {}
class InputError extends Error {}

/* ------------------------------------------------------------- reading */

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

function parseSamples(lines, name) {
  return lines
    .split('\n')
    .flatMap((line, i) =>
      line.trim() === '' ? [] : [parseSample(line, `${name}:${i + 1}`)]
    )
}

async function readSamples(files) {
  const samples =
    files.length > 0
      ? files.flatMap((file) => parseSamples(readFileSync(file, 'utf8'), file))
      : parseSamples(await text(process.stdin), 'standard input')
  if (samples.length === 0) throw new InputError('no samples in the input')
  return samples
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
function group(samples) {
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

/* ------------------------------------------------------------ reckoning */

const round = (value) => Number(value.toPrecision(5))

function figures(samples) {
  const [p50, p99] = quantile(samples, [0.5, 0.99])
  return { p50: round(p50), p99: round(p99), max: round(max(samples)) }
}

/** With whether it is reached; null where there is nothing to compare. */
function judged(goal, values) {
  if (goal === null) return null
  const [[of, most]] = Object.entries(goal)
  const value = values[of]
  return value === null ? null : { of, most, met: value <= most }
}

function summarize({ bench, row, unit, what, goal, wasmsig, baseline }) {
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
    spread: round(medianAbsoluteDeviation(wasmsig)),
    samples: wasmsig.length
  }
}

/* ------------------------------------------------------------- printing */

const short = (value) =>
  value == null ? '' : String(Number(value.toPrecision(3)))

const NO_BORDER = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid'
  ].map((place) => [place, ''])
)

const COLUMNS = [
  'p50',
  'p99',
  'max',
  '± MAD',
  'base p50',
  'p99',
  'max',
  'ratio',
  'over'
]

const shownGoal = (goal) =>
  goal ? `${goal.of} ≤ ${goal.most}${goal.met ? '' : ' MISSED'}` : ''

function table(summaries) {
  const result = new Table({
    head: ['row', '', ...COLUMNS, 'goal'],
    colAligns: ['left', 'left', ...COLUMNS.map(() => 'right'), 'left'],
    chars: { ...NO_BORDER, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 }
  })
  for (const summary of summaries) {
    const { row, unit, p50, p99, spread, baseline, ratio, over } = summary
    const theirs = [baseline?.p50, baseline?.p99, baseline?.max]
    const cells = [p50, p99, summary.max, spread, ...theirs, ratio, over]
    result.push([row, unit, ...cells.map(short), shownGoal(summary.goal)])
  }
  return result.toString()
}

function strips({ bench, row, unit, what, wasmsig, baseline }) {
  const all = [...wasmsig, ...baseline]
  const strip = (name, samples) => ({
    name,
    samples,
    middle: quantile(samples, 0.5)
  })
  return plot({
    title: `${bench}/${row}, ${unit}`,
    least: min(all),
    most: max(all),
    strips: [
      strip('wasmsig', wasmsig),
      ...(what === null ? [] : [strip(what, baseline)])
    ]
  })
}

function report(rows, json) {
  const summaries = rows.map(summarize)
  const lines = summaries.map((line) => JSON.stringify(line) + '\n').join('')
  if (json === '-') return process.stdout.write(lines)
  if (json !== undefined) writeFileSync(json, lines)
  const parts = [table(summaries), ...rows.map(strips), lines.trimEnd()]
  process.stdout.write(parts.join('\n\n') + '\n')
}

/* -------------------------------------------------------------- command */

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'string' },
        help: { type: 'boolean', default: false }
      }
    })
  } catch (error) {
    throw new UsageError(error.message)
  }
}

async function main() {
  const { values, positionals } = parse()
  if (values.help) return console.log(USAGE)
  report(group(await readSamples(positionals)), values.json)
}

try {
  await main()
} catch (error) {
  const usage = error instanceof UsageError
  console.error(`report: ${error.message}${usage ? `\n${USAGE}` : ''}`)
  process.exitCode = usage ? 2 : 1
}
