// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Compares generated modules with what `wasmsig instrument` makes of them, in
 * Node 26 and in Wasmtime, and prints counts. Exit status 1 if any differ.
 *
 *     node run.mjs GENERATE PROGRAMS [--first NUMBER] [--count NUMBER]
 *       [--only node|wasmtime] [--write]
 *
 * GENERATE: the generator (generate.rs). PROGRAMS: the folder of pairs and
 * wasmtime. The number of a module is its seed. So `--first 812 --count 1` runs
 * module 812 again. --write keeps the counts of these
 * engines in results.json.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { HOSTS } from '../conformance/hosts.mjs'
import { Counts } from './counts.mjs'

const RESULTS = new URL('results.json', import.meta.url)
const DRIVER = fileURLToPath(new URL('node.mjs', import.meta.url))
const ROUND = 2000 // modules of one process

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    first: { type: 'string', default: '0' },
    count: { type: 'string', default: '4000' },
    only: { type: 'string' },
    write: { type: 'boolean' }
  }
})
const [generate, programs] = positionals
const node = HOSTS.find(({ name }) => name === 'node-26')

const ENGINES = {
  node: [node.program, '--expose-gc', DRIVER],
  wasmtime: [join(programs, 'wasmtime')]
}

const PIPELINE = 'set -o pipefail; "$1" "$2" "$3" | "$4" | "${@:5}"'

/** @returns {object} the counts that the engine's driver prints */
function round(engine, first, count) {
  const { stdout, status, signal } = spawnSync(
    'bash',
    [
      ...['-c', PIPELINE, 'bash', generate, String(first), String(count)],
      ...[join(programs, 'pairs'), ...ENGINES[engine]]
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }
  )
  // The driver fails if there are differences; it has printed counts then.
  if (!stdout.endsWith('}\n'))
    throw new Error(`modules from ${first} in ${engine}: ${signal ?? status}`)
  const counts = JSON.parse(stdout)
  if (status !== 0 && counts.totals.differences === 0)
    throw new Error(`modules from ${first}: exit status ${status}`)
  return counts
}

function runAll(engine, first, count) {
  const counts = new Counts()
  for (let done = 0; done < count; done += ROUND)
    counts.addAll(round(engine, first + done, Math.min(ROUND, count - done)))
  return counts
}

function show(engine, counts) {
  console.log(engine)
  for (const [title, table] of Object.entries(counts)) {
    console.log(`  ${title}`)
    for (const [what, times] of Object.entries(table).sort())
      console.log(`${String(times).padStart(12)}  ${what}`)
  }
}

if (options.only !== 'wasmtime') node.fetch()
const engines = options.only ? [options.only] : Object.keys(ENGINES)
const results = {}
for (const engine of engines) {
  results[engine] = runAll(engine, Number(options.first), Number(options.count))
  show(engine, results[engine])
}
if (options.write) {
  const kept = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS)) : {}
  const all = { ...kept, ...results }
  writeFileSync(RESULTS, `${JSON.stringify(all, null, 2)}\n`)
}

/** A run in which nothing was compared, or no poll executed, shows nothing. */
const isRight = ({ totals }) =>
  totals.differences === 0 &&
  totals['modules: compared'] > 0 &&
  totals['modules: with an executed poll'] > 0
const isSingle = Number(options.count) === 1
if (!Object.values(results).every((one) => isRight(one) || isSingle))
  process.exitCode = 1
