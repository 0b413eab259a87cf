// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs the suite in the hosts, prints TAP, writes or compares the tables. */
import { parseArgs } from 'node:util'
import { checkHost } from './check-host.mjs'
import { HOSTS } from './hosts.mjs'
import {
  SUITE,
  collate,
  readResults,
  suiteFiles,
  writeResults
} from './results.mjs'
import { prepare } from './stage.mjs'
import { PROMISES } from './suite/rows.mjs'
import { staleTables, writeTables } from './table.mjs'
import { Tap } from './tap.mjs'

const HELP = `Usage: scripts/hosts [--compare | --check] [--package DIR] [HOST...]

Fetches each JavaScript host from npm and tries the promises of wasmsig in it.
Prints TAP. Without options it writes what it found: test/conformance/
results.json, docs/hosts.md and the table in README.md.

  HOST...        only these, and writes nothing: ${HOSTS.map(({ name }) => name).join(' ')}
  --compare      writes nothing: fails where a result is not the written one
  --check        runs nothing: fails if the tables are not those of the last
                 run, or that was a run of another suite
  --package DIR  tries the package in DIR; writes nothing
  --help         print this

Exit status: 0; 1 if a host could not be run, or something differs; 2 for wrong
usage.
`

const AGAIN = 'run scripts/hosts'

class Usage extends Error {}

function readOptions(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        compare: { type: 'boolean' },
        check: { type: 'boolean' },
        package: { type: 'string' },
        help: { type: 'boolean' }
      }
    })
    const unknown = positionals.find(
      (name) => !HOSTS.some((host) => host.name === name)
    )
    if (unknown) throw new Error(`there is no host ${unknown}`)
    return { ...values, names: positionals }
  } catch (error) {
    throw new Usage(error.message)
  }
}

function checkTables() {
  const results = readResults()
  if (!results) {
    console.error(`hosts: the last run was of another suite: ${AGAIN}`)
    return 1
  }
  const stale = staleTables(results)
  for (const file of stale) {
    console.error(`hosts: the table in ${file} is not the last run's: ${AGAIN}`)
  }
  return stale.length > 0 ? 1 : 0
}

/** The verdicts as TAP wants them; `before` is what is expected. */
function toResults(host, verdicts, before) {
  return verdicts.map((found, index) => {
    const { promise } = PROMISES[index]
    const expected = before?.get(promise)?.get(host.name)?.verdict
    const unexpected = before !== undefined && found.verdict !== expected
    return { promise, ...found, unexpected }
  })
}

async function runHosts(hosts, before) {
  const tap = new Tap(hosts.length)
  const runs = []
  for (const host of hosts) {
    const label = `${host.label} ${host.said}`
    try {
      host.fetch()
      const verdicts = await checkHost(host)
      runs.push({ host, verdicts })
      tap.host(label, toResults(host, verdicts, before))
    } catch (error) {
      tap.bailed(label, error.message)
    }
  }
  return { failed: tap.failed, runs }
}

async function run({ compare, names, package: packageFolder }) {
  const some = names.length > 0
  const hosts = some ? HOSTS.filter(({ name }) => names.includes(name)) : HOSTS
  const before = compare ? readResults() : undefined
  if (compare && !before) return checkTables()

  await prepare(suiteFiles(), SUITE, packageFolder)
  const { failed, runs } = await runHosts(hosts, before)
  if (failed > 0) return 1
  if (compare || some || packageFolder) return 0
  const results = collate(runs)
  writeResults(results)
  writeTables(results)
  return 0
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else process.exitCode = await (options.check ? checkTables() : run(options))
} catch (error) {
  if (!(error instanceof Usage)) throw error
  console.error(`hosts: ${error.message}; see scripts/hosts --help`)
  process.exitCode = 2
}
