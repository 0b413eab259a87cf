// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs the suites in the hosts, prints TAP, writes or compares the tables. */
import { parseArgs } from 'node:util'
import { ENGINES } from '../engines/engines.mjs'
import { WORKERD } from '../workerd/conformance.mjs'
import { JAVASCRIPT } from './javascript.mjs'
import { pagesOf } from './pages.mjs'
import { readmeOf } from './readme.mjs'
import {
  collate,
  compared,
  readLast,
  readResults,
  writeResults
} from './results.mjs'
import { staleFiles, writeFiles } from './table.mjs'
import { Tap } from './tap.mjs'

const TABLES = [JAVASCRIPT, ENGINES, WORKERD]

/** What is written from results. */
const FILES = [...pagesOf(TABLES), readmeOf(TABLES)]

/** Those of them that show a table. */
const filesOf = (table) => FILES.filter(({ tables }) => tables.includes(table))

const namesOf = ({ hosts }) => hosts.map(({ name }) => name)

const HELP = `Usage: scripts/hosts [--compare | --check | --write] [--package DIR] [HOST...]

Tries the promises of wasmsig in each JavaScript host, which it fetches from
npm, in each engine in C, by the tests that were built, and in versions of
workerd with limits. Prints TAP. Without options it writes what it found:
results.json beside each suite, the pages in docs/conformance/ and the table in
README.md.

  HOST...        only these; a table is written if all its hosts are there
${TABLES.map(
  (table) =>
    `                 ${table.group}, for all of: ${namesOf(table).join(' ')}`
).join('\n')}
  --compare      writes nothing: fails where a result is not the written one;
                 of workerd with limits it tries the oldest and the newest
  --check        runs nothing: fails if the tables are not those of the last
                 run, or that was a run of another suite
  --write        runs nothing: writes the tables of the last run again
  --package DIR  tries the package in DIR in JavaScript hosts; writes nothing
  --help         print this

Exit status: 0; 1 if a host could not be run, or something differs; 2 for wrong
usage.
`

class Usage extends Error {}

function readOptions(args) {
  try {
    const { values, positionals: names } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        compare: { type: 'boolean' },
        check: { type: 'boolean' },
        write: { type: 'boolean' },
        package: { type: 'string' },
        help: { type: 'boolean' }
      }
    })
    const tables = values.package ? [JAVASCRIPT] : TABLES
    const known = tables.flatMap((table) => [table.group, ...namesOf(table)])
    const unknown = names.find((name) => !known.includes(name))
    if (unknown) throw new Error(`there is no host ${unknown}`)
    return { ...values, tables: chosen(tables, names, values.compare) }
  } catch (error) {
    throw new Usage(error.message)
  }
}

/**
 * The tables, each with the hosts that are named; if none is, with all, or those
 * that are enough to compare.
 */
function chosen(tables, names, compare) {
  const isEnough = ({ compared }, name) =>
    !compare || !compared || compared.includes(name)
  const isNamed = (table, { name }) =>
    names.length === 0
      ? isEnough(table, name)
      : names.includes(name) || names.includes(table.group)
  return tables
    .map((table) => ({
      table,
      hosts: table.hosts.filter((host) => isNamed(table, host))
    }))
    .filter(({ hosts }) => hosts.length > 0)
}

/** Whether the written table is that of the last run of the suite. */
function isCurrent(table) {
  const again = `run scripts/hosts ${table.group}`
  if (!readResults(table)) {
    console.error(`hosts: the last run was of another suite: ${again}`)
    return false
  }
  const stale = staleFiles(filesOf(table), readLast)
  for (const file of stale) {
    console.error(`hosts: ${file} is not the last run's: scripts/hosts --write`)
  }
  return stale.length === 0
}

async function runHosts({ table, hosts }, before, tap) {
  const runs = []
  for (const host of hosts) {
    const label = `${host.label} ${host.said}`
    try {
      host.fetch()
      const found = await table.check(host)
      runs.push({ host, found })
      tap.host(label, before ? compared(table, host, found, before) : found)
    } catch (error) {
      tap.bailed(label, error.message)
    }
  }
  return runs
}

function write({ table, hosts }, runs) {
  if (hosts.length < table.hosts.length) return
  const results = collate(table, runs)
  writeResults(table, results)
  writeFiles(filesOf(table), readLast)
}

async function run({ compare, tables, package: packageFolder }) {
  if (compare && !tables.every(({ table }) => readResults(table))) {
    tables.forEach(({ table }) => isCurrent(table))
    return 1
  }
  const tap = new Tap(tables.flatMap(({ hosts }) => hosts).length)
  for (const some of tables) {
    const failedBefore = tap.failed
    await some.table.prepare?.(packageFolder)
    const before = compare ? readResults(some.table) : undefined
    const runs = await runHosts(some, before, tap)
    if (compare || packageFolder || tap.failed > failedBefore) continue
    write(some, runs)
  }
  return tap.failed > 0 ? 1 : 0
}

function check({ tables }) {
  const current = tables.map(({ table }) => isCurrent(table))
  return current.every(Boolean) ? 0 : 1
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else if (options.write) writeFiles(FILES, readLast)
  else process.exitCode = await (options.check ? check : run)(options)
} catch (error) {
  if (!(error instanceof Usage)) throw error
  console.error(`hosts: ${error.message}; see scripts/hosts --help`)
  process.exitCode = 2
}
