// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The cost of polls in real modules: the jobs of test/real with the packages'
 * own modules and with instrumented ones.
 *
 *     node bench/real/real.mjs [--host node-20] [--only JOB]... [--rounds N] |
 *       node bench/report.mjs
 *
 * In JavaScript the jobs are those of test/real/jobs. Wasmtime and wazero do the
 * scripts of test/real/wasmtime, also with the checks that these engines have
 * themselves. wazero needs Go, which builds it.
 *
 * Each kind of module has a process of its own: in Bun, the module that comes
 * last in a process may take several times as long. The processes take turns, in
 * a random order in each round; a sample is the CPU time of one turn.
 *
 * Prints a JSON line for each sample, and at last the ratio of each job.
 * Errors go to standard error: a job may not run in every host.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median, shuffle } from 'simple-statistics'

import { HOSTS } from '../../test/conformance/hosts.mjs'
import { fetchPackages, modules } from '../../test/real/corpus.mjs'
import { JOBS, REPLAY, SCRIPTS, findScript } from '../../test/real/jobs.mjs'

const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const COMMAND =
  process.env.WASMSIG_COMMAND ?? path('../../build/release/wasmsig')
const MADE = path('../../build/bench/real')
const WAZERO = join(MADE, 'wazero')
const TURN_MS = 20

/**
 * What is compared with the package's own module: modules that are instrumented
 * with these options, or the module itself with a check of the engine. `worst`
 * and `median` are the goals, of a job and of all jobs.
 */
const polls = (name, options, worst, middle) => ({
  ...{ name, options, worst, median: middle }
})
const check = (name, flag) => ({ name, flag })
const KINDS = {
  node: [
    polls('instrumented', [], 1.25, 1.05),
    polls('instrumented for v8', ['--for', 'v8'], 1.25, 1.05)
  ],
  bun: [polls('instrumented', [], undefined, 1.15)],
  wasmtime: [
    polls('instrumented', [], 1.25, 1.05),
    polls('instrumented for wasmtime', ['--for', 'wasmtime'], 1.25, 1.05),
    check('epochs', 'epochs'),
    check('fuel', 'fuel')
  ],
  wazero: [
    polls('instrumented', ['--add-page']),
    polls('instrumented, each turn', ['--add-page', '--every', '1']),
    check('WithCloseOnContextDone', 'done')
  ]
}

/**
 * What a host does: the jobs' names, the modules of a script, and the command
 * that measures turns: of a job, with the modules of `folder`, or with the
 * package's own and a check of the engine.
 */
function inJavaScript(name) {
  const host = HOSTS.find((one) => one.name === name)
  if (!host) throw new Error(`no host '${name}'`)
  host.fetch()
  return {
    ...{ name, kinds: KINDS[host.kind], jobs: JOBS },
    command: (job, folder = '') => [
      ...[host.program, ...host.command, path('turns.mjs'), job, folder]
    ]
  }
}

function byScripts(name, program, corpus) {
  return {
    ...{ name, kinds: KINDS[name], jobs: SCRIPTS },
    hashes: (job) => [findScript(job, corpus).module.hash],
    command: (job, folder, flag = '') => {
      const { script, module } = findScript(job, corpus)
      const file = folder ? join(folder, `${module.hash}.wasm`) : module.file
      return [program, file, script, 'turns', flag]
    }
  }
}

function hostOf(name, corpus) {
  if (name === 'wasmtime') return byScripts(name, REPLAY, corpus)
  if (name !== 'wazero') return inJavaScript(name)
  const build = ['build', '-o', WAZERO, '.']
  execFileSync('go', build, { cwd: path('wazero'), stdio: 'inherit' })
  return byScripts(name, WAZERO, corpus)
}

/** A process that does a job, after its warm-up. */
async function start([program, ...rest]) {
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error('its process ended')
      if (value.startsWith('@')) return JSON.parse(value.slice(1))
    }
  }
  const found = await answer().catch((error) => {
    child.kill()
    throw error
  })
  return {
    ...found,
    time: async (count) => {
      child.stdin.write(`${count}\n`)
      return (await answer()).ms
    },
    end: () => child.stdin.end()
  }
}

/** Instruments the modules with these hashes. Returns their folder, and by how
 * much they are larger. */
function instrument({ name, options }, hashes, corpus) {
  const folder = join(MADE, name)
  const size = { before: 0, after: 0 }
  mkdirSync(folder, { recursive: true })
  for (const { hash, file, bytes } of corpus) {
    if (!hashes.includes(hash)) continue
    const made = join(folder, `${hash}.wasm`)
    execFileSync(COMMAND, ['instrument', ...options, file, '-o', made], {
      stdio: 'ignore'
    })
    size.before += bytes.length
    size.after += readFileSync(made).length
  }
  return { folder, growth: size.after / size.before }
}

const print = (row, rest) =>
  console.log(JSON.stringify({ bench: 'real', row, ...rest }))

/** How many times take about TURN_MS. */
async function calibrate(bare) {
  let count = 1
  while ((await bare.time(count)) < TURN_MS / 2) count *= 2
  return count
}

/** The same job with what is compared. */
async function startKind(host, job, kind, hashes, corpus) {
  if (kind.options === undefined)
    return start(host.command(job, undefined, kind.flag))
  const { folder, growth } = instrument(kind, hashes, corpus)
  const polled = await start(host.command(job, folder))
  if (polled.replaced === 0) throw new Error(`nothing is ${kind.name}`)
  print(`${host.name}: ${job} ${kind.name}, size`, {
    ...{ who: 'wasmsig', unit: 'x', sample: growth }
  })
  return { ...polled, growth }
}

/** Prints a round's times. Returns those by kind. */
async function turnsOf(host, job, running, count) {
  const times = new Map()
  for (const [kind, { time }] of shuffle([...running]))
    times.set(kind, (await time(count)) / count)
  for (const { name, worst } of host.kinds) {
    const row = `${host.name}: ${job} ${name}`
    const goal = worst === undefined ? undefined : { ratio: worst }
    const [unit, sample] = ['ms', times.get('none')]
    print(row, { who: 'wasmsig', unit, sample: times.get(name), goal })
    print(row, { who: 'baseline', what: 'no polls', unit, sample })
  }
  return times
}

/** Returns of each kind the ratio of the median times, and of the sizes. */
async function measure(host, job, rounds, corpus) {
  const running = new Map()
  try {
    const bare = await start(host.command(job))
    running.set('none', bare)
    const hashes = bare.hashes ?? host.hashes(job)
    for (const kind of host.kinds)
      running.set(kind.name, await startKind(host, job, kind, hashes, corpus))
    const count = await calibrate(bare)
    const all = []
    for (let round = 0; round < rounds; round++)
      all.push(await turnsOf(host, job, running, count))
    const middle = (name) => median(all.map((times) => times.get(name)))
    return host.kinds.map(({ name }) => ({
      ratio: middle(name) / middle('none'),
      growth: running.get(name).growth
    }))
  } finally {
    for (const { end } of running.values()) end()
  }
}

function printMedians(host, results) {
  for (const [i, { name, median: most }] of host.kinds.entries()) {
    const goal = most === undefined ? undefined : { p50: most }
    for (const {
      [i]: { ratio }
    } of results)
      print(`${host.name}: all jobs ${name}`, {
        ...{ who: 'wasmsig', unit: 'x', sample: ratio, goal }
      })
    for (const {
      [i]: { growth }
    } of results)
      if (growth !== undefined)
        print(`${host.name}: all jobs ${name}, size`, {
          ...{ who: 'wasmsig', unit: 'x', sample: growth, goal: { p50: 1.15 } }
        })
  }
}

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'node-20' },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '31' }
  }
})
if (!existsSync(COMMAND)) throw new Error(`no ${COMMAND}`)
fetchPackages()
mkdirSync(MADE, { recursive: true })
const corpus = modules()
const host = hostOf(values.host, corpus)
const results = []
for (const job of values.only ?? host.jobs)
  await measure(host, job, Number(values.rounds), corpus).then(
    (result) => results.push(result),
    (error) => process.stderr.write(`${job}: ${error.message}\n`)
  )
printMedians(host, results)
