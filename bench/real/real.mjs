// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The cost of polls in real modules: the jobs of test/real with the packages'
 * own modules and with instrumented ones.
 *
 *     node bench/real/real.mjs [--host node-20] [--only JOB]... [--rounds N] |
 *       node bench/report.mjs
 *
 * Each kind of module has a process of its own, because JavaScriptCore gives
 * only the first few memories of a process its fastest form. The processes take
 * turns, in a random order in each round; a sample is the CPU time of one turn.
 *
 * Prints a JSON line for each sample. Errors go to standard error: a job may not
 * run in every host.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { HOSTS } from '../../test/conformance/hosts.mjs'
import { fetchPackages, modules } from '../../test/real/corpus.mjs'

const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const COMMAND =
  process.env.WASMSIG_COMMAND ?? path('../../build/release/wasmsig')
const MADE = path('../../build/bench/real')
const TURN_MS = 20

/** Kinds of polls: the options, and by host what each should cost at most. */
const V8 = { 'node-20': 1.25, 'node-24': 1.25, 'node-26': 1.25 }
const KINDS = {
  instrumented: { options: [], goals: { ...V8, bun: 1.5 } },
  'instrumented for v8': { options: ['--for', 'v8'], goals: V8 }
}
const JOBS = readdirSync(path('../../test/real/jobs'))
  .map((file) => file.replace('.mjs', ''))
  .sort()

function shuffled(array) {
  const copy = [...array]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j], copy[i]]
  }
  return copy
}

/** A process that does the job, after its warm-up. */
async function start(host, job, folder = '') {
  const child = spawn(
    host.program,
    [...host.command, path('turns.mjs'), job, folder],
    { stdio: ['pipe', 'pipe', 'ignore'] }
  )
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
function instrument(kind, hashes, corpus) {
  const folder = join(MADE, kind)
  const size = { before: 0, after: 0 }
  mkdirSync(folder, { recursive: true })
  for (const { hash, file, bytes } of corpus) {
    if (!hashes.includes(hash)) continue
    const made = join(folder, `${hash}.wasm`)
    const options = KINDS[kind].options
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

async function measure(host, job, rounds, corpus) {
  const running = new Map()
  try {
    const bare = await start(host, job)
    running.set('none', bare)
    for (const kind of Object.keys(KINDS)) {
      const { folder, growth } = instrument(kind, bare.hashes, corpus)
      const polled = await start(host, job, folder)
      running.set(kind, polled)
      if (polled.replaced === 0) throw new Error(`nothing is ${kind}`)
      print(`${host.name}: ${job} ${kind}, size`, {
        ...{ who: 'wasmsig', unit: 'x', sample: growth }
      })
    }
    const count = await calibrate(bare)
    for (let round = 0; round < rounds; round++) {
      const times = new Map()
      for (const [kind, { time }] of shuffled([...running]))
        times.set(kind, (await time(count)) / count)
      for (const [kind, { goals }] of Object.entries(KINDS)) {
        const row = `${host.name}: ${job} ${kind}`
        const most = goals[host.name]
        const goal = most === undefined ? undefined : { ratio: most }
        const unit = 'ms'
        print(row, { who: 'wasmsig', unit, sample: times.get(kind), goal })
        const sample = times.get('none')
        print(row, { who: 'baseline', what: 'no polls', unit, sample })
      }
    }
  } finally {
    for (const { end } of running.values()) end()
  }
}

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: 'node-20' },
    only: { type: 'string', multiple: true, default: JOBS },
    rounds: { type: 'string', default: '15' }
  }
})
const host = HOSTS.find(({ name }) => name === values.host)
if (!host) throw new Error(`no host '${values.host}'`)
if (!existsSync(COMMAND)) throw new Error(`no ${COMMAND}`)
host.fetch()
fetchPackages()
const corpus = modules()
for (const job of values.only)
  await measure(host, job, Number(values.rounds), corpus).catch((error) =>
    process.stderr.write(`${job}: ${error.message}\n`)
  )
