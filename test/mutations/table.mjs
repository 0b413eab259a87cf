// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A list as Markdown: TABLE.md beside it, grouped by the file that is broken. */
import { readFileSync, writeFileSync } from 'node:fs'

const about = (program) => `<!-- SPDX-License-Identifier: Apache-2.0 OR MIT -->
<!-- Written by node ${program} --write; do not edit. -->

# Promises, and the tests that keep them

Each row is a promise of a file. One line of the file keeps it.
\`node ${program}\` breaks that line in a copy, and the test beside it
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

/** `folder` has run.mjs and TABLE.md, relative to the root. */
export class Table {
  #file
  #text

  constructor(folder, mutations) {
    const sections = [...byFile(mutations)].map(
      ([file, rows]) =>
        `## \`${file}\`\n\n| promise | test |\n| --- | --- |\n${rows.join('\n')}\n`
    )
    this.#file = new URL(`../../${folder}/TABLE.md`, import.meta.url)
    this.#text = [about(`${folder}/run.mjs`), ...sections].join('\n')
  }

  toString() {
    return this.#text
  }

  write() {
    writeFileSync(this.#file, this.#text)
  }

  /** Whether the file is that of the list. */
  get isWritten() {
    return readFileSync(this.#file, 'utf8') === this.#text
  }
}
