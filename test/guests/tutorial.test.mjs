// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * docs/tutorial/plugin-server.md is true: a reader who follows it builds the
 * files of examples/server, and sees what the page says.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'

import { freePort } from '../support/ports.mjs'
import { ROOT } from './support/compilers.mjs'
import { fileOf, follow, partsOf, prepare, read } from './support/follow.mjs'

const PAGE = 'docs/tutorial/plugin-server.md'
const EXAMPLE = 'examples/server'

const parts = partsOf(read(PAGE))
const blocks = parts.flatMap((part) => part.blocks)
const isPart = (block) => fileOf(block).startsWith('examples/')
const files = blocks.filter((block) => fileOf(block) && !isPart(block))

/** Files that the reader copies. */
const COPY = /^cp "\$WASMSIG\/examples\/server\/(\S+)" \.$/gm
const copied = blocks.flatMap(({ text }) =>
  [...text.matchAll(COPY)].map(([, file]) => file)
)

/** What is only there for people who read the repository. */
const EXTRA = ['README.md', 'package.json', 'grafana.json', 'load.js']

const exampleFiles = () =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', EXAMPLE], {
    cwd: ROOT,
    encoding: 'utf8'
  })
    .trim()
    .split('\n')
    .map((path) => path.slice(EXAMPLE.length + 1))
    .filter((file) => !EXTRA.includes(file))

test('the tutorial has every file of the example', () => {
  const here = [...files.map(fileOf), ...copied]
  assert.deepEqual(here.sort(), exampleFiles().sort())
})

for (const block of files) {
  test(`${fileOf(block)} is the same in the example`, () => {
    const licence = '// SPDX-License-Identifier: Apache-2.0 OR MIT\n'
    const file = read(join(EXAMPLE, fileOf(block)))
    assert.equal(licence + block.text, file)
  })
}

describe('the tutorial, from an empty folder', () => {
  const { folder, env } = prepare('tutorial-test')
  const cwd = join(folder, 'plugin-server')
  let port
  before(async () => {
    mkdirSync(cwd)
    port = String(await freePort())
  })
  for (const part of parts) {
    test(part.heading, () => {
      const replace = (text) => text.replaceAll('8080', port)
      follow(part, cwd, { ...env, PORT: port }, replace)
    })
  }
})
