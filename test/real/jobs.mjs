// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Does each job of jobs/ with the package's own modules and with instrumented
 * ones, and prints a table:
 *
 *   node test/real/jobs.mjs [--host NAME]... [--only NAME]... [--write]
 *
 * The results must be the same. Then it repeats the job, and stores SIGKILL into
 * the signal words: a call must be stopped by a trap. The hosts are node-20,
 * node-26, bun and wasmtime. Wasmtime has no JavaScript: this Node records what
 * the package does with its module (trace/), and Wasmtime repeats that with both
 * modules. The scripts of wasmtime/ call modules that need no more than WASI; those
 * that have the name of a job are for bench/ only. --write keeps the results in
 * jobs.json.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { HOSTS } from '../conformance/hosts.mjs'
import { runToEnd } from '../conformance/process.mjs'
import { fetchPackages, modules } from './corpus.mjs'
import { FOLDER, instrumentAll } from './instrumented.mjs'
import { UNRECORDED } from './trace/unrecorded.mjs'

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url))

const RUNNER = pathOf('run-job.mjs')
const RECORDER = pathOf('trace/record.mjs')
const TRACES = pathOf('../../build/real/traces')
const PROGRAMS = pathOf('../../build/release/test/real/wasmtime')
const FOLLOWER = join(PROGRAMS, 'test_real_trace')
export const REPLAY = join(PROGRAMS, 'test_real_replay')
const RESULTS = new URL('jobs.json', import.meta.url)
const DEFAULT_HOSTS = ['node-20', 'node-26', 'bun', 'wasmtime']

const namesIn = (folder, ending) =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort()

export const JOBS = namesIn('jobs/', '.mjs')
export const SCRIPTS = namesIn('wasmtime/', '.script')
const NAMES = [...new Set([...JOBS, ...SCRIPTS])]

/** The last line is the result: packages may print before it. */
async function run(program, ...args) {
  const { status, late, stdout, stderr } = await runToEnd(program, args)
  if (late) return { error: 'it did not end' }
  if (status !== 0) {
    const line = stderr.split('\n').find((line) => /Error\b/.test(line))
    return { error: line?.trim() ?? `exit status ${status}` }
  }
  return JSON.parse(stdout.trimEnd().split('\n').at(-1))
}

/**
 * The results are the same, and a call was stopped; `error` says what is missing.
 *
 * @typedef {{ same?: boolean, replaced?: number, killed?: boolean,
 *   error?: string }} Result
 */

/** @returns {Promise<Result>} */
async function compared(bare, made, kill) {
  if (/memory count/.test(made.error))
    return {
      error: 'the words are in a second memory, which this host does not have'
    }
  if (made.error) return { error: `instrumented: ${made.error}` }
  const same = made.digests.join() === bare.digests.join()
  const { isStopped, error } = await kill()
  return { same, killed: isStopped === true, error: isStopped ? '' : error }
}

/** A job of jobs/ in a JavaScript host. @returns {Promise<Result>} */
export async function tryJob(program, job, corpus) {
  const bare = await run(program, RUNNER, job)
  if (bare.error) return { error: `does not run here: ${bare.error}` }
  instrumentAll(corpus.filter(({ hash }) => bare.hashes.includes(hash)))
  const made = await run(program, RUNNER, job, FOLDER)
  const { replaced } = made
  if (replaced === 0) return { replaced, error: 'refused' }
  const kill = () => run(program, RUNNER, job, FOLDER, 'kill')
  return { replaced, ...(await compared(bare, made, kill)) }
}

/** A script of wasmtime/. Its first line names its module. */
export function findScript(name, corpus) {
  const script = fileURLToPath(
    new URL(`wasmtime/${name}.script`, import.meta.url)
  )
  const [, owner, path] = readFileSync(script, 'utf8').split(/\s+/, 3)
  const module = corpus.find(
    (one) => one.package === owner && one.path === path
  )
  return { script, module }
}

export async function tryScript(name, corpus) {
  const { script, module } = findScript(name, corpus)
  const bare = await run(REPLAY, module.file, script)
  if (bare.error) return { error: `does not run here: ${bare.error}` }
  instrumentAll([module])
  const file = join(FOLDER, `${module.hash}.wasm`)
  if (!existsSync(file)) return { replaced: 0, error: 'refused' }
  const made = await run(REPLAY, file, script)
  const kill = () => run(REPLAY, file, script, 'kill')
  return { replaced: 1, ...(await compared(bare, made, kill)) }
}

/** A job of jobs/ in Wasmtime, by its trace. @returns {Promise<Result>} */
export async function tryTrace(job, corpus) {
  if (job in UNRECORDED) return { error: UNRECORDED[job] }
  const trace = join(TRACES, job)
  const recorded = await run(process.execPath, RECORDER, job, trace)
  const fault = recorded.error ?? recorded.fault
  if (fault) return { error: `cannot be recorded: ${fault}` }
  const module = corpus.find(({ hash }) => hash === recorded.hash)
  const bare = await run(FOLLOWER, module.file, trace)
  if (bare.error) return { error: `does not run here: ${bare.error}` }
  instrumentAll([module])
  const file = join(FOLDER, `${module.hash}.wasm`)
  if (!existsSync(file)) return { replaced: 0, error: 'refused' }
  const made = await run(FOLLOWER, file, trace, 'kill')
  return { replaced: 1, ...(await compared(bare, made, async () => made)) }
}

const sign = (value) => (value === undefined ? '–' : value ? '●' : '○')

/** What to try in a host: names, and how each is tried. */
function triesIn(host, corpus) {
  if (host === 'wasmtime')
    return NAMES.map((job) => [
      job,
      () => (JOBS.includes(job) ? tryTrace : tryScript)(job, corpus)
    ])
  const { program } = HOSTS.find(({ name }) => name === host)
  return JOBS.map((job) => [job, () => tryJob(program, job, corpus)])
}

function print({ host, job, same, killed, error = '' }) {
  const signs = [`same ${sign(same)}`, `killed ${sign(killed)}`]
  console.log([host, job, ...signs, error].join('\t'))
}

const isWrong = ({ same, killed, error }) =>
  same === false || killed === false || /^instrumented/.test(error)

/** Replaces the kept results of the same host and job. */
function keep(results) {
  const kept = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS)) : []
  const of = ({ host, job }) => `${host} ${job}`
  const all = new Map([...kept, ...results].map((one) => [of(one), one]))
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1))
  const list = sorted.map(([, one]) => one)
  writeFileSync(RESULTS, `${JSON.stringify(list, null, 2)}\n`)
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      host: { type: 'string', multiple: true, default: DEFAULT_HOSTS },
      only: { type: 'string', multiple: true },
      write: { type: 'boolean' }
    }
  })
  fetchPackages()
  for (const host of HOSTS) if (options.host.includes(host.name)) host.fetch()
  const corpus = modules()
  const results = []
  for (const host of options.host) {
    for (const [job, attempt] of triesIn(host, corpus)) {
      if (options.only && !options.only.includes(job)) continue
      results.push({ host, job, ...(await attempt()) })
      print(results.at(-1))
    }
  }
  if (options.write) keep(results)
  const kept = results.filter(({ same, killed }) => same && killed)
  console.log(`${kept.length} of ${results.length}`)
  process.exitCode = results.some(isWrong) ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
