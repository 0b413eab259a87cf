// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The tables in the README: each stands between two comments. */
import { LEGEND, Notes, headings, row, symbol } from './markdown.mjs'

const README = 'README.md'

/** A group of promises in each host, with the numbers of its notes. */
function groupRow(table, [title, promises], notes, noteOf) {
  const cells = table.hosts.map((host) => {
    const numbers = [...promises]
      .map(([promise, hosts]) => ({ promise, ...hosts.get(host.name) }))
      .filter(table.hasNote)
      .map((found) => notes.number(noteOf(found)))
    const sorted = [...new Set(numbers)].sort((a, b) => a - b)
    return symbol(table, [...promises.values()], host, sorted)
  })
  return row([title, ...cells])
}

function tableIn(table, results, noteOf) {
  const notes = new Notes()
  const lines = [...results].map((pair) => groupRow(table, pair, notes, noteOf))
  return `${headings(table)}
${lines.join('\n')}

${LEGEND} Found by the run:

${notes}
`
}

/** `text` with `inner` between the comments of that name. */
function between(text, name, inner) {
  const begin = `<!-- ${name}: begin -->`
  const end = `<!-- ${name}: end -->`
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) {
    throw new Error(`${README} must have ${begin} and ${end}`)
  }
  return `${text.slice(0, from)}${begin}\n\n${inner}\n${text.slice(to)}`
}

/**
 * @param {[string, import('./table.mjs').Table, (found) => string][]} places
 *   the name of each place, the table there and how its notes are worded
 */
export const readmeOf = (places) => ({
  path: README,
  tables: places.map(([, table]) => table),
  render: (resultsOf, before) =>
    places.reduce(
      (text, [name, table, noteOf]) =>
        between(text, name, tableIn(table, resultsOf(table), noteOf)),
      before
    )
})
