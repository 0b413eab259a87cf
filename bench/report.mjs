// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Reads raw samples, one JSON line each, and reports on them: a table and plots
 * for people, then a JSON line for each row, for machines.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { max, min, quantile } from 'simple-statistics'
import { plot } from './plot.mjs'
import { InputError, group, parseSamples, summarize } from './samples.mjs'

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

async function readSamples(files) {
  const samples =
    files.length > 0
      ? files.flatMap((file) => parseSamples(readFileSync(file, 'utf8'), file))
      : parseSamples(await text(process.stdin), 'standard input')
  if (samples.length === 0) throw new InputError('no samples in the input')
  return samples
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
  '± MAD',
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
    const { p50: middle, p99: high, max, spread: width } = baseline ?? {}
    const theirs = [middle, high, max, width]
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
