// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * How long `wasmsig run` takes to start a large module that it has compiled
 * before, beside Wasmtime's own cache of compiled modules.
 *
 *     node bench/cache/cache.mjs [--rounds N]
 *
 * A sample is a process, from its start to its end: the time, and the CPU time
 * of all its threads, as bash's `time` has them. The module is CPython for WASI,
 * 26 MB. Before the first round, a process of each command compiles it, unless
 * an earlier run of this benchmark has. The commands take turns in an order that
 * changes with each round.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const USAGE = `usage: node bench/cache/cache.mjs [--rounds N]
  --rounds N    samples of each row; by default those of 25 s, at most 40
  --help        this text`

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const inRoot = (...parts) => join(ROOT, ...parts)

/** Here the caches stay: each has entries for its version of its engine. */
const FOLDER = inRoot('build/bench-cache')
const ENVIRONMENT = { ...process.env, WASMSIG_CACHE: join(FOLDER, 'wasmsig') }

/** What CPython does: print its version, or start the interpreter, too. */
const WORK = { load: ['--version'], python: ['-c', 'pass'] }
const TIME_MS = 25_000
const MOST_ROUNDS = 40
const RATIO = { ratio: 1.1 }
const MOST = { p50: 300 } // ms

// --------------------------------------------------------------- the commands

function fetchWasmtime() {
  const pins = inRoot('bench/cache/requirements.txt')
  execFileSync(inRoot('scripts/wheels'), [pins, join(FOLDER, 'wheel')])
  const command = join(FOLDER, 'wheel/wasmtime_cli/wasmtime')
  chmodSync(command, 0o755) // pip has not made it executable
  return command
}

const fetchPython = () =>
  execFileSync(inRoot('examples/python/fetch'), { encoding: 'utf8' }).trim()

/** The configuration of a cache of Wasmtime's. */
function wasmtimeCache(name) {
  const file = join(FOLDER, `${name}.toml`)
  const directory = JSON.stringify(join(FOLDER, name))
  writeFileSync(file, `[cache]\ndirectory = ${directory}\n`)
  return file
}

/**
 * @returns {{ what?: string, suffix?: string, start: string[] }[]} wasmsig's,
 *   without `what`, and the baselines'; `suffix` is of their rows
 */
function makeCommands() {
  const wasmtime = fetchWasmtime()
  const python = fetchPython()
  const config = `cache=y,cache-config=${wasmtimeCache('command')}`
  const bare = inRoot('build/release/bench/engines/bare')
  return [
    { start: [inRoot('build/release/wasmsig'), 'run', python] },
    {
      what: 'wasmtime run 49.0.3',
      suffix: '',
      start: [wasmtime, 'run', '-C', config, python]
    },
    {
      what: "Wasmtime 50's own cache",
      suffix: '_vs_library',
      start: [bare, '--cache', wasmtimeCache('library'), python]
    }
  ]
}

// ------------------------------------------------------------------- samples

const TIMED = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null'

/** @returns {{ ms: number, cpuMs: number }} */
function run({ start }, work) {
  const args = ['-c', TIMED, 'bash', ...start, ...work]
  const options = { env: ENVIRONMENT, encoding: 'utf8' }
  const { status, stderr, error } = spawnSync('bash', args, options)
  const times = /^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+)\n$/.exec(stderr)
  if (status !== 0 || !times) throw error ?? new Error(stderr)
  const [total, user, system] = times.slice(1).map((s) => Number(s) * 1000)
  return { ms: total, cpuMs: user + system }
}

function print(row, what, sample, goal) {
  const who = what === undefined ? 'wasmsig' : 'baseline'
  const line = { bench: 'cache', row, who, what, unit: 'ms', goal, sample }
  console.log(JSON.stringify(line))
}

function printBoth(row, what, { ms, cpuMs }) {
  print(row, what, ms, RATIO)
  print(`${row}_cpu`, what, cpuMs, RATIO)
}

/** Wasmsig's sample is in the row of each baseline. */
function takeSample(commands, command, row, work) {
  const times = run(command, work)
  if (command.what !== undefined)
    return printBoth(row + command.suffix, command.what, times)
  for (const { what, suffix } of commands)
    if (what !== undefined) printBoth(row + suffix, undefined, times)
  if (row === 'python') print('python_alone', undefined, times.ms, MOST)
}

function measure(commands, rounds) {
  const { length } = commands
  for (const command of commands) run(command, WORK.load)
  if (readdirSync(ENVIRONMENT.WASMSIG_CACHE).length === 0)
    throw new Error(`${FOLDER} is not used: others may write to it, or above`)
  const end = rounds === undefined ? Date.now() + TIME_MS : Infinity
  const most = rounds ?? MOST_ROUNDS
  for (let round = 0; round < most && Date.now() < end; round++) {
    const order = commands.map((_, i) => commands[(i + round) % length])
    if (round % 2 !== 0) order.reverse()
    for (const [row, work] of Object.entries(WORK))
      for (const command of order) takeSample(commands, command, row, work)
  }
}

function parse() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      help: { type: 'boolean', default: false }
    }
  })
  const { help, rounds } = values
  if (rounds !== undefined && !/^[1-9]\d{0,4}$/.test(rounds)) {
    throw new Error(`--rounds must be 1 to 99999, not '${rounds}'`)
  }
  return { help, rounds: rounds && Number(rounds) }
}

function main() {
  let options
  try {
    options = parse()
  } catch (error) {
    console.error(`cache: ${error.message}\n${USAGE}`)
    process.exit(2)
  }
  if (options.help) return console.log(USAGE)

  measure(makeCommands(), options.rounds)
}

try {
  main()
} catch (error) {
  console.error(`cache: ${error.message}`)
  process.exitCode = 1
}
