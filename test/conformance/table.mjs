// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The run as Markdown: a short table for the README, all of it for docs/. */
import { readFileSync, writeFileSync } from 'node:fs'
import { HOSTS } from './hosts.mjs'
import { ROWS } from './suite/rows.mjs'

const ROOT = new URL('../../', import.meta.url)
const README = new URL('README.md', ROOT)
const DOCS = new URL('docs/hosts.md', ROOT)
const [BEGIN, END] = ['<!-- hosts: begin -->', '<!-- hosts: end -->']

const SYMBOLS = { kept: '●', partly: '◐', broken: '○', apart: '–' }

const LEGEND = `● kept, ◐ in part, ○ not; – cannot be tried there.`

/** One symbol for many promises; what cannot be tried does not count. */
export function sumUp(verdicts) {
  const tried = verdicts.filter((verdict) => verdict !== 'apart')
  if (tried.length === 0) return 'apart'
  const [first] = tried
  return tried.every((verdict) => verdict === first) ? first : 'partly'
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

function headings(first) {
  const names = HOSTS.map(({ label, said }) => `${label} ${said}`)
  const line = ['---', ...HOSTS.map(() => ':-:')]
  return `| ${first} | ${names.join(' | ')} |\n| ${line.join(' | ')} |`
}

function cell(symbol, numbers) {
  if (numbers.length === 0) return symbol
  const sorted = [...new Set(numbers)].sort((a, b) => a - b)
  return `${symbol} <sup>${sorted.join(' ')}</sup>`
}

/** What was found of some promises in a host: a cell, with its notes. */
function cellOf(promises, host, results, notes, noteOf) {
  const found = promises.map(({ promise }) => ({
    promise,
    ...results.get(promise).get(host.name)
  }))
  const numbers = found
    .filter(({ verdict }) => verdict === 'partly' || verdict === 'broken')
    .map((one) => notes.number(noteOf(one)))
  const symbol = SYMBOLS[sumUp(found.map(({ verdict }) => verdict))]
  return cell(symbol, numbers)
}

function line(title, promises, results, notes, noteOf) {
  const cells = HOSTS.map((host) =>
    cellOf(promises, host, results, notes, noteOf)
  )
  return `| ${title} | ${cells.join(' | ')} |`
}

/** A note has to say which promise it is about where a row sums up several. */
const withPromise = ({ promise, why }) => `*${promise}*: ${why}`
const alone = ({ why }) => why

export function renderReadme(results) {
  const notes = new Notes()
  const lines = ROWS.map(({ row, promises }) =>
    line(row, promises, results, notes, withPromise)
  )
  return `${headings('promise')}
${lines.join('\n')}

${LEGEND} Found by the run:

${notes}
`
}

export function renderDocs(results) {
  const sections = ROWS.map(({ row, promises }) => {
    const notes = new Notes()
    const lines = promises.map((promise) =>
      line(promise.promise, [promise], results, notes, alone)
    )
    const below = String(notes)
    return `## ${row}

${headings('promise')}
${lines.join('\n')}
${below && `\n${below}\n`}`
  })
  return `<!-- SPDX-License-Identifier: Apache-2.0 OR MIT -->
<!-- Written by scripts/hosts; do not edit. -->

# Promises and hosts

Each promise was tried in each host, in a process of its own, by
[test/conformance](../test/conformance); the notes are from that run.
${LEGEND}

${sections.join('\n')}`
}

function readmeWith(results) {
  const text = readFileSync(README, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) {
    throw new Error(`README.md must have ${BEGIN} and ${END}`)
  }
  const table = `${BEGIN}\n\n${renderReadme(results)}\n`
  return text.slice(0, begin) + table + text.slice(end)
}

export function writeTables(results) {
  writeFileSync(README, readmeWith(results))
  writeFileSync(DOCS, renderDocs(results))
}

/** The files whose table is not that of the run. */
export function staleTables(results) {
  const files = [
    ['README.md', README, readmeWith(results)],
    ['docs/hosts.md', DOCS, renderDocs(results)]
  ]
  return files
    .filter(([, file, text]) => {
      try {
        return readFileSync(file, 'utf8') !== text
      } catch {
        return true
      }
    })
    .map(([name]) => name)
}
