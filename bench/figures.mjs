// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The figures in the README and in docs/explanation/comparison.md, from one run
 * of two benchmarks:
 *
 *     node bench/run.mjs cost alternatives    measures
 *     node bench/figures.mjs --take           keeps that run in figures.json
 *     node bench/figures.mjs                  prints these figures
 *     node bench/figures.mjs --check          fails if a file has others
 *
 * --take also writes the files and, from the same samples, the plot in
 * docs/pictures (see draw.mjs there). --write only does that.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { between } from '../scripts/between.mjs'
import { group, parseSamples, summarize } from './samples.mjs'

const BENCHES = ['cost', 'alternatives']
/** The rows whose samples the plot shows. */
const PLOTTED = ['budget/soft_late_idle', 'budget/soft_late_4hogs']

const ROOT = new URL('../', import.meta.url)
const OUTPUT = new URL('build/bench/', ROOT)
const FIGURES = new URL('bench/figures.json', ROOT)
const DRAW = fileURLToPath(new URL('docs/pictures/draw.mjs', ROOT))

const read = (url) => readFileSync(url, 'utf8')
const round = (value, digits) => Number(value.toPrecision(digits))

/* ----------------------------------------------------------------- keeping */

const samplesOf = ({ wasmsig, what, baseline }) => ({
  wasmsig: wasmsig.map((sample) => round(sample, 3)),
  what,
  baseline: baseline.map((sample) => round(sample, 3))
})

function take() {
  const lines = BENCHES.map((name) => read(new URL(`${name}.jsonl`, OUTPUT)))
  const machines = BENCHES.map((name) =>
    JSON.parse(read(new URL(`${name}.machine.json`, OUTPUT)))
  )
  const rows = group(lines.flatMap((text) => parseSamples(text, 'samples')))
  const nameOf = ({ bench, row }) => `${bench}/${row}`
  const plotted = rows.filter((row) => PLOTTED.includes(nameOf(row)))
  const others = Math.max(...machines.map((one) => one.othersPercent))
  return {
    machine: { ...machines[0], othersPercent: others },
    rows: Object.fromEntries(rows.map((row) => [nameOf(row), summarize(row)])),
    samples: Object.fromEntries(
      plotted.map((row) => [nameOf(row), samplesOf(row)])
    )
  }
}

/* --------------------------------------------------------------- rendering */

/** How a unit is written; above 1000 of it, the next one and its size. */
const UNITS = {
  ns: ['ns', 'us', 1000],
  us: ['µs', 'ms', 1000],
  ms: ['ms'],
  KiB: ['KiB', 'MiB', 1024],
  MiB: ['MiB'],
  x: ['times']
}

/** Median ± median distance from it; as many decimals as the median has. */
function middle({ p50, spread }, unit) {
  const [name, next, size] = UNITS[unit]
  if (next && p50 >= 1000)
    return middle({ p50: p50 / size, spread: spread / size }, next)
  const shown = unit === 'x' ? p50.toFixed(2) : String(round(p50, 2))
  const decimals = shown.split('.')[1]?.length ?? 0
  const width = spread.toFixed(decimals)
  return `${shown}${Number(width) > 0 ? ` ± ${width}` : ''} ${name}`
}

/** What is measured, the row, and how the baseline is called there. */
const COST = [
  [
    'SIGXCPU arrives, after a limit of 20 ms of CPU time (C)',
    'budget/soft_late_idle',
    'kernel timer on the CPU clock'
  ],
  [
    'a call is stopped, after a limit of 20 ms (Node)',
    'alternatives/late_beside_timeout',
    '`vm` timeout'
  ],
  [
    'begin and end a limited section (C)',
    'budget/section',
    'two readings of the CPU clock'
  ],
  [
    'an empty call with limits (Node)',
    'alternatives/limited_call',
    '`vm` timeout'
  ],
  [
    'time of a guest with instrumented polls (Wasmtime)',
    'guests/wasmtime: median kernel instrumented',
    'without polls: 1'
  ]
]

function costRow({ rows }, [what, name, beside]) {
  const { unit, baseline, ...ours } = rows[name]
  const theirs = baseline ? `${beside}: ${middle(baseline, unit)}` : beside
  return `| ${what} | ${middle(ours, unit)} | ${theirs} |`
}

function machineLine({ processors, model, kernel, node, othersPercent }) {
  const others =
    othersPercent > 10
      ? `; other programs kept them ${othersPercent} % busy`
      : ''
  return `Median ± median deviation, on ${processors} processors (${model}), Linux ${kernel}, Node ${node.slice(1)}${others}.`
}

const costTable = (figures) => `| what | wasmsig | baseline in the same run |
| --- | --- | --- |
${COST.map((row) => costRow(figures, row)).join('\n')}

${machineLine(figures.machine)}
Printed by \`make bench-cost bench-alternatives\`; [more figures](docs/explanation/cost.md).`

/** One line each: what it costs, and how it differs. */
function alternatives({ rows }) {
  const ours = (name) => middle(rows[name], rows[name].unit)
  const theirs = (name) => middle(rows[name].baseline, rows[name].unit)
  const kernel = (name) => ours(`guests/wasmtime: median kernel ${name}`)
  const call = 'alternatives/limited_call'
  const sleeper = 'alternatives/cpu_of_a_sleeper'
  const next = 'alternatives/next_call_after_kill'
  const memory = 'alternatives/memory_per_guest'
  return `- **Epochs** (Wasmtime): a guest takes ${kernel('epochs')} as long, with instrumented polls ${kernel('instrumented')}. They count wall time; the guest receives no signal. A hard limit of wasmsig in Wasmtime needs them and costs the same; soft limits and \`wasmsig run\` do not.
- **Fuel** (Wasmtime): ${kernel('fuel')} as long. It counts instructions, not time; the guest receives no signal.
- **\`vm\` timeout** (Node): ${theirs(call)} a call, wasmsig ${ours(call)}. It counts wall time: a guest that sleeps for 15 of 20 ms gets ${theirs(sleeper)} of CPU time.
- **\`worker.terminate()\`** (Node): state is lost. The next call takes ${theirs(next)}, in wasmsig ${ours(next)}; a guest takes ${theirs(memory)}, in wasmsig ${ours(memory)}. More: [comparison](docs/explanation/comparison.md).`
}

/** Rows of docs/explanation/comparison.md: what, wasmsig, the alternative. */
function comparison({ rows, machine }) {
  const both = (what, name) => [
    what,
    middle(rows[name], rows[name].unit),
    `${middle(rows[name].baseline, rows[name].unit)}, ${rows[name].baseline.what}`
  ]
  const kernel = (name) =>
    middle(rows[`guests/wasmtime: median kernel ${name}`], 'x')
  const polls = `${kernel('instrumented')} instrumented, ${kernel('by hand')} by hand`
  const lines = [
    [
      'time of the median kernel in Wasmtime',
      polls,
      `${kernel('epochs')}, epochs`
    ],
    ['the same', polls, `${kernel('fuel')}, fuel`],
    both('an empty call with a limit, Node', 'alternatives/limited_call'),
    both(
      'a stop past a limit of 20 ms, Node',
      'alternatives/late_beside_timeout'
    ),
    both('the same', 'alternatives/late_beside_terminate'),
    both(
      'CPU time until the stop, of a call that sleeps for 15 of 20 ms',
      'alternatives/cpu_of_a_sleeper'
    ),
    both('the next call after a stop', 'alternatives/next_call_after_kill'),
    both('resident memory of a guest', 'alternatives/memory_per_guest')
  ]
  return `| what | wasmsig | alternative |
| --- | --- | --- |
${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}

${machineLine(machine)}`
}

/** The generated parts of each file. */
const FILES = {
  'README.md': { cost: costTable, alternatives },
  'docs/explanation/comparison.md': { comparison }
}

const withParts = (figures, parts, text) =>
  Object.entries(parts).reduce(
    (before, [name, render]) => between(before, name, render(figures)),
    text
  )

/* ----------------------------------------------------------------- command */

const kept = () => JSON.parse(read(FIGURES))

const COMMANDS = {
  '--take'() {
    writeFileSync(FIGURES, `${JSON.stringify(take(), null, 1)}\n`)
    COMMANDS['--write']()
  },
  '--write'() {
    for (const [file, parts] of Object.entries(FILES)) {
      const url = new URL(file, ROOT)
      writeFileSync(url, withParts(kept(), parts, read(url)))
    }
    execFileSync(process.execPath, [DRAW], { stdio: 'inherit' })
  },
  '--check'() {
    for (const [file, parts] of Object.entries(FILES)) {
      const text = read(new URL(file, ROOT))
      if (withParts(kept(), parts, text) === text) continue
      console.error(`figures: ${file} differs: bench/figures.mjs --write`)
      process.exitCode = 1
    }
  },
  undefined() {
    for (const parts of Object.values(FILES))
      for (const render of Object.values(parts))
        console.log(`${render(kept())}\n`)
  }
}

const command = COMMANDS[process.argv[2]]
if (command) command()
else {
  console.error('usage: node bench/figures.mjs [--take | --write | --check]')
  process.exitCode = 2
}
