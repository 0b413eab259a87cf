// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Does each job of jobs/ with the package's own modules and with instrumented
 * ones, and prints a table:
 *
 *   node test/real/jobs.mjs [--host NAME]... [--only NAME]... [--write]
 *
 * The results must be the same. Then it repeats the job, and stores SIGKILL into
 * the signal words: a call must be stopped by a trap. The hosts are node-20,
 * node-26 and bun by default. --write keeps the results in jobs.json.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { HOSTS } from '../conformance/hosts.mjs'
import { runToEnd } from '../conformance/process.mjs'
import { fetchPackages, modules } from './corpus.mjs'
import { FOLDER, instrumentAll } from './instrumented.mjs'

const RUNNER = fileURLToPath(new URL('run-job.mjs', import.meta.url))
const RESULTS = new URL('jobs.json', import.meta.url)

export const JOBS = readdirSync(new URL('jobs/', import.meta.url))
  .map((file) => file.replace(/\.mjs$/, ''))
  .sort()

/** The last line is the result: packages may print before it. */
async function run(program, ...args) {
  const { status, late, stdout, stderr } = await runToEnd(program, [
    RUNNER,
    ...args
  ])
  if (late) return { error: 'it did not end' }
  if (status !== 0) {
    const line = stderr.split('\n').find((line) => /Error\b/.test(line))
    return { error: line?.trim() ?? `exit status ${status}` }
  }
  return JSON.parse(stdout.trimEnd().split('\n').at(-1))
}

/**
 * @returns {Promise<{ job, bare?: string, same?: boolean, replaced?: number,
 *   killed?: boolean, error?: string }>} `error` says what is missing
 */
export async function tryJob(program, job, corpus) {
  const bare = await run(program, job)
  if (bare.error) return { job, error: `does not run here: ${bare.error}` }
  instrumentAll(corpus.filter(({ hash }) => bare.hashes.includes(hash)))
  const made = await run(program, job, FOLDER)
  if (made.error) return { job, error: `instrumented: ${made.error}` }
  const { replaced } = made
  if (replaced === 0) return { job, replaced, error: 'refused' }
  const same = made.digests.join() === bare.digests.join()
  const { isStopped, error } = await run(program, job, FOLDER, 'kill')
  return { job, replaced, same, killed: isStopped === true, error }
}

const sign = (value) => (value === undefined ? '–' : value ? '●' : '○')

async function main() {
  const { values: options } = parseArgs({
    options: {
      host: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true, default: JOBS },
      write: { type: 'boolean' }
    }
  })
  const wanted = options.host ?? ['node-20', 'node-26', 'bun']
  fetchPackages()
  const corpus = modules()
  const results = []
  for (const host of HOSTS.filter(({ name }) => wanted.includes(name))) {
    host.fetch()
    for (const job of options.only) {
      const result = {
        host: host.name,
        ...(await tryJob(host.program, job, corpus))
      }
      results.push(result)
      const { same, killed, error = '' } = result
      console.log(
        [
          host.name,
          job,
          `same ${sign(same)}`,
          `killed ${sign(killed)}`,
          error
        ].join('\t')
      )
    }
  }
  if (options.write)
    writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
  const kept = results.filter(({ same, killed }) => same && killed)
  console.log(`${kept.length} of ${results.length}`)
  const wrong = results.filter(
    ({ same, error }) => same === false || /^inst/.test(error)
  )
  process.exitCode = wrong.length > 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
