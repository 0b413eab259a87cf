// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The run as Markdown: a short table for the README, all of it for docs/. */
import { readFileSync, writeFileSync } from 'node:fs'

const ROOT = new URL('../../', import.meta.url)
const README = new URL('README.md', ROOT)

/**
 * A table is of some hosts and the promises of a suite.
 *
 * @typedef {object} Table
 * @property {string} group what its hosts are called together
 * @property {string} marker of its place in the README
 * @property {string} title
 * @property {string} about the sentence under the title
 * @property {string} docs the file that has all of it
 * @property {URL} results where the last run is kept
 * @property {Host[]} hosts its columns
 * @property {() => [string, string][]} suite names and paths of its files
 * @property {(packageFolder?: string) => Promise<void>} [prepare]
 * @property {(host: Host) => Promise<Found[]>} check
 * @property {Verdict} [absent] of promises that a host does not speak of
 * @property {boolean} countsApart what cannot be tried makes its row a part
 * @property {(found: Found) => boolean} hasNote
 * @property {(found: Found) => string} note in the README
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
 */

const SYMBOLS = { kept: '●', partly: '◐', broken: '○', apart: '–' }

const LEGEND = `● kept, ◐ in part, ○ not; – cannot be tried there.`

/** One verdict for those on many promises. */
function sumUp(verdicts, { countsApart }) {
  const tried = verdicts.filter((verdict) => verdict !== 'apart')
  if (tried.length === 0) return 'apart'
  const counted = countsApart ? verdicts : tried
  return new Set(counted).size === 1 ? counted[0] : 'partly'
}

/** Notes are numbered in the order in which they are first referred to. */
class Notes {
  #numbers = new Map()

  number(text) {
    if (!this.#numbers.has(text))
      this.#numbers.set(text, this.#numbers.size + 1)
    return this.#numbers.get(text)
  }

  toString() {
    return [...this.#numbers]
      .map(([text, number]) => `${number}. ${text}`)
      .join('\n')
  }
}

function headings({ hosts }) {
  const names = hosts.map(({ label, said }) => `${label} ${said}`)
  const line = ['---', ...hosts.map(() => ':-:')]
  return `| promise | ${names.join(' | ')} |\n| ${line.join(' | ')} |`
}

function cell(symbol, numbers) {
  if (numbers.length === 0) return symbol
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  return `${symbol} <sup>${sorted.join(' ')}</sup>`
}

/** What was found of some promises in a host: a cell, with its notes. */
function cellOf(table, promises, host, notes, note) {
  const found = promises.map(([promise, hosts]) => ({
    promise,
    ...hosts.get(host.name)
  }))
  const numbers = found
    .filter(table.hasNote)
    .map((one) => notes.number(note(one)))
  const verdict = sumUp(
    found.map((one) => one.verdict),
    table
  )
  return cell(SYMBOLS[verdict], numbers)
}

/** A line of the table; `promises` are pairs of a promise and its hosts. */
function line(table, title, promises, notes, note) {
  const cells = table.hosts.map((host) =>
    cellOf(table, promises, host, notes, note)
  )
  return `| ${title} | ${cells.join(' | ')} |`
}

function renderReadme(table, results) {
  const notes = new Notes()
  const lines = [...results].map(([row, promises]) =>
    line(table, row, [...promises], notes, table.note)
  )
  return `${headings(table)}
${lines.join('\n')}

${LEGEND} Found by the run:

${notes}
`
}

function renderDocs(table, results) {
  const sections = [...results].map(([row, promises]) => {
    const notes = new Notes()
    const lines = [...promises].map((pair) =>
      line(table, pair[0], [pair], notes, ({ why }) => why)
    )
    const below = String(notes)
    return `## ${row}

${headings(table)}
${lines.join('\n')}
${below && `\n${below}\n`}`
  })
  return `<!-- SPDX-License-Identifier: Apache-2.0 OR MIT -->
<!-- Written by scripts/hosts; do not edit. -->

# ${table.title}

${table.about}
${LEGEND}

${sections.join('\n')}`
}

function readmeWith(table, results) {
  const text = readFileSync(README, 'utf8')
  const begin = `<!-- ${table.marker}: begin -->`
  const end = `<!-- ${table.marker}: end -->`
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) {
    throw new Error(`README.md must have ${begin} and ${end}`)
  }
  const rendered = `${begin}\n\n${renderReadme(table, results)}\n`
  return text.slice(0, from) + rendered + text.slice(to)
}

/** The files that have the table, and what is to stand in them. */
function filesOf(table, results) {
  return [
    ['README.md', README, readmeWith(table, results)],
    [table.docs, new URL(table.docs, ROOT), renderDocs(table, results)]
  ]
}

export function writeTables(table, results) {
  for (const [, file, text] of filesOf(table, results)) {
    writeFileSync(file, text)
  }
}

/** The files whose table is not that of the run. */
export function staleTables(table, results) {
  return filesOf(table, results)
    .filter(([, file, text]) => {
      try {
        return readFileSync(file, 'utf8') !== text
      } catch {
        return true
      }
    })
    .map(([name]) => name)
}
