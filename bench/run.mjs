// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Runs the benchmarks, keeps their raw samples in build/bench/NAME.jsonl and
 * reports on them. `make bench` and `make bench-NAME` call it.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { HOSTS } from '../test/conformance/hosts.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUTPUT = join(ROOT, 'build', 'bench')
const PROGRAMS = join(ROOT, 'build', 'release', 'bench')
const TIME_LIMIT = 60_000 // ms
const LOOK_TIME = 500 // ms, to measure other programs
const BUSY = 0.1 // of the processors' time

const program =
  (name) =>
  (samples = []) =>
    [join(PROGRAMS, name), samples].flat()

const inJavaScript = (file) => (samples) => [
  process.execPath,
  '--expose-gc',
  join(ROOT, 'bench', file),
  ...(samples ? ['--rounds', samples] : [])
]

const inBun = (file) => (samples) => {
  const bun = HOSTS.find(({ name }) => name === 'bun')
  bun.fetch()
  const rounds = samples ? ['--rounds', samples] : []
  return [bun.program, join(ROOT, 'bench', file), ...rounds]
}

/** The same command; only these of its rows are kept. */
const only = (rows, command) => Object.assign(command, { rows })

/** The same command, with another number of samples by default. */
const byDefault = (count, command) => (samples) =>
  command(samples ?? String(count))

/** The commands of each, run in turn; a number of samples is optional. */
const BENCHES = {
  cost: [
    only(/^soft_late_(idle|4hogs)$/, program('lateness')),
    only(/^section$/, byDefault(100, program('section')))
  ],
  alternatives: [
    only(
      /median kernel (by hand|instrumented|epochs|fuel)$/,
      program('guests/wasmtime')
    ),
    inJavaScript('alternatives.mjs')
  ],
  registry: [program('registry')],
  budget: [
    program('lateness'),
    program('section'),
    program('syscalls'),
    program('accounting'),
    program('crowd'),
    program('idle')
  ],
  module: [program('module')],
  js: [inJavaScript('js.mjs')],
  'js-memory': [inJavaScript('js-memory.mjs')],
  'js-import': [inJavaScript('js-import.mjs')],
  engines: [program('engines/engines')],
  cache: [inJavaScript('cache/cache.mjs')],
  workerd: [program('workerd/section'), inJavaScript('workerd/workerd.mjs')],
  guests: [
    inJavaScript('guests/javascript.mjs'),
    inBun('guests/javascript.mjs'),
    program('guests/wasmtime'),
    program('guests/raise')
  ],
  components: [inJavaScript('guests/component.mjs')]
}

const NAMES = Object.keys(BENCHES)
/** Without `cost`, which contains rows of the others for the README. */
const ALL = NAMES.filter((name) => name !== 'cost')

const USAGE = `usage: node bench/run.mjs [--samples N] [NAME]...
  NAME           ${NAMES.join(', ')}; all but cost if there is none
  --samples N    of each row; each benchmark has its default
  --help         this text`

const say = (line) => process.stderr.write(`${line}\n`)

/** Reports the progress; at a terminal, on one line. */
function progress(name) {
  const isTerminal = process.stderr.isTTY
  const begun = Date.now()
  let count = 0
  if (!isTerminal) say(`${name}: running`)
  const show = (end) =>
    process.stderr.write(
      `${isTerminal ? '\r' : ''}${name}: ${count} samples, ` +
        `${((Date.now() - begun) / 1000).toFixed(1)} s${end}`
    )
  const timer = isTerminal && setInterval(show, 200, '')
  return {
    step: () => count++,
    stop() {
      clearInterval(timer)
      show('\n')
    }
  }
}

function ended(child, name) {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve()
      const how = child.killed
        ? `did not end within ${TIME_LIMIT / 1000} s`
        : `ended with ${signal ?? `status ${code}`}`
      reject(new Error(`${name} ${how}`))
    })
  })
}

/** Runs one command, and calls `take` for each line that it prints. */
async function runCommand([command, ...args], name, timeLeft, take) {
  if (!existsSync(command)) {
    throw new Error(`no ${relative(ROOT, command)}; build the release first`)
  }
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: Math.max(1, timeLeft),
    killSignal: 'SIGKILL'
  })
  createInterface({ input: child.stdout }).on('line', take)
  await ended(child, name)
}

/** @returns {Promise<string>} the file that holds the samples */
async function run(name, samples) {
  const end = Date.now() + TIME_LIMIT
  const lines = []
  const bar = progress(name)
  const take = (line) => {
    lines.push(`${line}\n`)
    bar.step()
  }
  const takeSome = (rows) => (line) => {
    if (rows.test(JSON.parse(line).row)) take(line)
  }
  try {
    for (const command of BENCHES[name]) {
      const [timeLeft, { rows }] = [end - Date.now(), command]
      const each = rows ? takeSome(rows) : take
      await runCommand(command(samples), name, timeLeft, each)
    }
  } finally {
    bar.stop()
  }
  const file = join(OUTPUT, `${name}.jsonl`)
  writeFileSync(file, lines.join(''))
  return file
}

async function report(files) {
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'bench', 'report.mjs'),
      '--json',
      join(OUTPUT, 'report.jsonl'),
      ...files
    ],
    { stdio: 'inherit' }
  )
  await ended(child, 'report')
}

/** The share of all processors' time that other programs use now. */
async function busyShare() {
  const totals = () =>
    cpus().reduce(
      ({ idle, all }, { times }) => ({
        idle: idle + times.idle,
        all: all + Object.values(times).reduce((a, b) => a + b)
      }),
      { idle: 0, all: 0 }
    )

  const before = totals()
  await sleep(LOOK_TIME)
  const after = totals()
  return 1 - (after.idle - before.idle) / (after.all - before.all)
}

/** @returns {Promise<number>} per cent of the processors' time */
async function warnIfBusy() {
  const share = await busyShare()
  const percent = Math.round(share * 100)
  if (share > BUSY) {
    say(
      `bench: others use ${percent} % of the processors: ` +
        'these are not the figures of an idle machine'
    )
  }
  return percent
}

/** Stores the machine of a run, and how busy other programs kept it. */
function writeMachine(name, othersPercent) {
  const [{ model }] = cpus()
  const machine = {
    ...{
      processors: cpus().length,
      model,
      kernel: release().split('.', 2).join('.')
    },
    ...{ node: process.version, othersPercent }
  }
  const file = join(OUTPUT, `${name}.machine.json`)
  writeFileSync(file, JSON.stringify(machine))
}

function parse() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      samples: { type: 'string' },
      help: { type: 'boolean', default: false }
    }
  })
  for (const name of positionals) {
    if (!Object.hasOwn(BENCHES, name)) {
      throw new Error(`no benchmark '${name}'`)
    }
  }
  const { samples } = values
  if (samples !== undefined && !/^[1-9]\d{0,4}$/.test(samples)) {
    throw new Error(`--samples must be 1 to 99999, not '${samples}'`)
  }
  const names = positionals.length > 0 ? positionals : ALL
  return { ...values, names: [...new Set(names)] }
}

async function main() {
  let options
  try {
    options = parse()
  } catch (error) {
    say(`bench: ${error.message}\n${USAGE}`)
    process.exit(2)
  }
  if (options.help) return console.log(USAGE)

  mkdirSync(OUTPUT, { recursive: true })
  let before = await warnIfBusy()
  const files = []
  for (const name of options.names) {
    files.push(await run(name, options.samples))
    const after = await warnIfBusy()
    writeMachine(name, Math.max(before, after))
    before = after
  }
  await report(files)
}

await main().catch((error) => {
  say(`bench: ${error.message}`)
  process.exitCode = 1
})
