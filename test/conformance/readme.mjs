// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The README's table: what each host offers, by the promises that it kept. */
import { between } from '../../scripts/between.mjs'
import { row, symbol } from './markdown.mjs'

/** Columns, and the groups of promises that each of them sums up. */
const COLUMNS = {
  signals: [
    'A guest is signalled at its soft limit, in its loop, never early',
    'Ctrl-C and other signals reach a busy guest'
  ],
  'hard limit': [
    'A call is stopped at its hard limit',
    'A request is stopped at its hard limit, in each kind of handler'
  ],
  async: ['Asynchronous work is charged to its budget']
}

/** workerd's row is the one with limits. */
const isOffered = ({ name, isInReadme = name !== 'workerd' }) => isInReadme

const promisesIn = (results, groups) =>
  groups.flatMap((title) => [...(results.get(title)?.values() ?? [])])

/** A host's marks; where a suite has no such promise there is nothing to try. */
const marksOf = (table, results, host) =>
  Object.values(COLUMNS).map((groups) => {
    const promises = promisesIn(results, groups)
    return promises.length > 0 ? symbol(table, promises, host) : '–'
  })

/** Hosts of one kind with the same marks are one row. */
function merged(rows) {
  const byMarks = new Map()
  for (const { host, marks } of rows) {
    const key = [host.label, ...marks].join()
    if (!byMarks.has(key)) byMarks.set(key, { hosts: [], marks })
    byMarks.get(key).hosts.push(host)
  }
  return [...byMarks.values()]
}

/** 'Deno 2.9.6'; of several: 'Node 18, 20, 22'. */
function nameOf([first, ...others]) {
  const { label } = first
  if (others.length === 0) return `${label} ${first.said}`
  const majors = [first, ...others].map(({ said }) => said.split('.')[0])
  return `${label} ${majors.join(', ')}`
}

function rowsOf(table, results) {
  const rows = table.hosts.filter(isOffered).map((host) => ({
    host,
    marks: marksOf(table, results, host)
  }))
  return merged(rows).map(({ hosts, marks }) => row([nameOf(hosts), ...marks]))
}

/** A column without promises would be a row renamed, and show nothing. */
function checkColumns(tables, resultsOf) {
  const known = new Set(tables.flatMap((table) => [...resultsOf(table).keys()]))
  const unknown = Object.values(COLUMNS)
    .flat()
    .find((title) => !known.has(title))
  if (unknown) throw new Error(`no suite has the group '${unknown}'`)
}

function render(tables, resultsOf) {
  checkColumns(tables, resultsOf)
  return [
    row(['host', ...Object.keys(COLUMNS)]),
    row(['---', ...Object.keys(COLUMNS).map(() => ':-:')]),
    ...tables.flatMap((table) => rowsOf(table, resultsOf(table)))
  ].join('\n')
}

/** @param {import('./table.mjs').Table[]} tables */
export const readmeOf = (tables) => ({
  path: 'README.md',
  tables,
  render: (resultsOf, before) =>
    between(before, 'hosts', render(tables, resultsOf))
})
