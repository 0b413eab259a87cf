// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The list as Markdown: TABLE.md, grouped by the file that is broken. */
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = new URL('TABLE.md', import.meta.url)

const ABOUT = `<!-- SPDX-License-Identifier: Apache-2.0 OR MIT -->
<!-- Written by node test/mutations/run.mjs --write; do not edit. -->

# Promises, and the tests that keep them

Each row is a promise of a file. One line of the file keeps it.
\`node test/mutations/run.mjs\` breaks that line in a copy, and the test beside it
fails.
`

function byFile(mutations) {
  const files = new Map()
  for (const { file, claim, test } of mutations) {
    if (!files.has(file)) files.set(file, [])
    files.get(file).push(`| ${claim} | ${test} |`)
  }
  return files
}

export function tableOf(mutations) {
  const sections = [...byFile(mutations)].map(
    ([file, rows]) =>
      `## \`${file}\`\n\n| promise | test |\n| --- | --- |\n${rows.join('\n')}\n`
  )
  return [ABOUT, ...sections].join('\n')
}

export const writeTable = (mutations) => writeFileSync(FILE, tableOf(mutations))

export const isWritten = (mutations) =>
  readFileSync(FILE, 'utf8') === tableOf(mutations)
