// SPDX-License-Identifier: Apache-2.0 OR MIT
/** docs/conformance/: an overview, and a page for each table. */
import { slug } from 'github-slugger'
import { basename } from 'node:path'
import { LEGEND, Notes, headings, row, symbol } from './markdown.mjs'

const TOP = `<!-- SPDX-License-Identifier: Apache-2.0 OR MIT -->
<!-- Written by scripts/hosts; do not edit. -->
`

/** A promise in each host, with the numbers of its notes. */
function promiseRow(table, [promise, hosts], notes) {
  const cells = table.hosts.map((host) => {
    const found = hosts.get(host.name)
    const numbers = table.hasNote(found) ? [notes.number(found.why)] : []
    return symbol(table, [hosts], host, numbers)
  })
  return row([promise, ...cells])
}

function section(table, [title, promises]) {
  const notes = new Notes()
  const rows = [...promises].map((pair) => promiseRow(table, pair, notes))
  const below = String(notes)
  return `## ${title}

${headings(table)}
${rows.join('\n')}
${below && `\n${below}\n`}`
}

const page = (table) => (resultsOf) => `${TOP}
# ${table.title}

${table.about}
${LEGEND}

${[...resultsOf(table)].map((pair) => section(table, pair)).join('\n')}`

/** All promises of a group in one row, with a link to each of them. */
function groupRow(table, [title, promises]) {
  const link = `[${title}](${basename(table.page)}#${slug(title)})`
  const all = [...promises.values()]
  return row([link, ...table.hosts.map((host) => symbol(table, all, host))])
}

function overview(table, results) {
  return `## ${table.title}

${headings(table)}
${[...results].map((pair) => groupRow(table, pair)).join('\n')}
`
}

const ABOUT = `# Conformance: what each host was seen to do

The conformance suites try every promise of wasmsig in every host, in a process
of its own. These pages are the results of the last run. A row below sums up a
group of promises. Its link leads to each promise of the group and to the notes
of the run, which say what was seen where a promise is not kept.

${LEGEND}

- \`scripts/hosts\` runs the suites again and writes these pages.
- \`scripts/hosts --compare\` runs them and fails where a result differs.
- \`scripts/hosts --check\` runs nothing. It fails if these pages are not those of
  the last run, or if that run was of another suite.
`

/** @param {import('./table.mjs').Table[]} tables */
export function pagesOf(tables) {
  const first = {
    path: 'docs/conformance/README.md',
    tables,
    render: (resultsOf) =>
      [
        `${TOP}\n${ABOUT}`,
        ...tables.map((table) => overview(table, resultsOf(table)))
      ].join('\n')
  }
  const others = tables.map((table) => ({
    path: table.page,
    tables: [table],
    render: page(table)
  }))
  return [first, ...others]
}
