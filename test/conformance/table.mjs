// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The types of the tables of results, and the files that are written from them.
 * Each file has a list of its tables, and a function that renders them.
 *
 * @typedef {object} Table some hosts, and the promises of a suite
 * @property {string} group the name of all its hosts
 * @property {string} title
 * @property {string} about the sentence under the title
 * @property {string} page the file with every promise
 * @property {URL} results the file with the last run
 * @property {Host[]} hosts its columns
 * @property {string[]} [compared] names of hosts that are enough to compare
 * @property {() => [string, string][]} suite names and paths of its files
 * @property {(packageFolder?: string) => Promise<void>} [prepare]
 * @property {(host: Host) => Promise<Found[]>} check
 * @property {Verdict} [absent] of promises that a host does not report
 * @property {boolean} countsApart a row is 'partly' kept if some promise cannot
 *   be tried
 * @property {(found: Found) => boolean} hasNote
 *
 * @typedef {object} Host
 * @property {string} name
 * @property {string} label
 * @property {string} version part of the hash of the suite
 * @property {string} said the version for people
 * @property {boolean} [isInReadme] whether the README's table has it
 * @property {() => void} fetch throws if it cannot be started
 *
 * @typedef {{ verdict: 'kept' | 'partly' | 'broken' | 'apart', why?: string }}
 *   Verdict
 * @typedef {Verdict & { row: string, promise: string }} Found
 *
 * @typedef {Map<string, Map<string, Map<string, Verdict>>>} Results
 *   row -> promise -> host
 *
 * @typedef {object} Written a file that is written from results
 * @property {string} path
 * @property {Table[]} tables that it shows
 * @property {(resultsOf: (table: Table) => Results, before: string) => string}
 *   render returns its text; `before` is its current text
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)

const pathOf = ({ path }) => fileURLToPath(new URL(path, ROOT))

function textOf(file) {
  try {
    return readFileSync(pathOf(file), 'utf8')
  } catch {
    return ''
  }
}

/** @param {Written[]} files */
export function writeFiles(files, resultsOf) {
  for (const file of files) {
    mkdirSync(dirname(pathOf(file)), { recursive: true })
    writeFileSync(pathOf(file), file.render(resultsOf, textOf(file)))
  }
}

/** The paths of the files that differ from the results. */
export function staleFiles(files, resultsOf) {
  return files
    .filter((file) => file.render(resultsOf, textOf(file)) !== textOf(file))
    .map(({ path }) => path)
}
