// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The tables of results: their types, and the files that are written from them.
 * A file knows the tables that it shows; how it shows them is in its module.
 *
 * @typedef {object} Table some hosts, and the promises of a suite
 * @property {string} group what its hosts are called together
 * @property {string} title
 * @property {string} about the sentence under the title
 * @property {string} page the file that has every promise
 * @property {URL} results where the last run is kept
 * @property {Host[]} hosts its columns
 * @property {() => [string, string][]} suite names and paths of its files
 * @property {(packageFolder?: string) => Promise<void>} [prepare]
 * @property {(host: Host) => Promise<Found[]>} check
 * @property {Verdict} [absent] of promises that a host does not speak of
 * @property {boolean} countsApart what cannot be tried makes its row a part
 * @property {(found: Found) => boolean} hasNote
 *
 * @typedef {object} Host
 * @property {string} name
 * @property {string} label
 * @property {string} version what decides the run
 * @property {string} said the version as one reads it
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
 * @property {Table[]} tables those that it shows
 * @property {(resultsOf: (table: Table) => Results, before: string) => string}
 *   render its text; `before` is what it has now
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

/** The paths of the files that are not as the results have them. */
export function staleFiles(files, resultsOf) {
  return files
    .filter((file) => file.render(resultsOf, textOf(file)) !== textOf(file))
    .map(({ path }) => path)
}
