// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The programs in docs/how-to/node.md do what the page promises. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const PAGE = new URL('../../docs/how-to/node.md', import.meta.url)
const PACKAGE = new URL('./programs/package.mjs', import.meta.url)
const TEXT = readFileSync(PAGE, 'utf8')

/** The output of a block of code of the page, run as a module. */
async function runBlock(heading, change) {
  const section = TEXT.split(`\n## ${heading}\n`)[1]
  const block = /```js\n([\s\S]*?)```/.exec(section)[1]
  const wasmsig = import.meta.resolve('wasmsig')
  const text = change(block).replaceAll("'wasmsig'", `'${wasmsig}'`)
  const output = []
  const { log } = console
  console.log = (line) => output.push(line)
  try {
    await import(`data:text/javascript,${encodeURIComponent(text)}`)
  } finally {
    console.log = log
  }
  return output
}

for (const guest of ['spin', 'work']) {
  test(`a limit around an asynchronous package rejects: ${guest}`, async () => {
    const output = await runBlock('Packages with an asynchronous API', (text) =>
      text
        .replace("'some-package'", `'${PACKAGE}'`)
        .replace("'input'", `'${guest}'`)
        .replace('soft: 50, hard: 100', 'soft: 2, hard: 5')
    )
    assert.deepEqual(output, ['too much CPU'])
  })
}

/** A pool with a task that fails with the clone of an error. */
const withPool = (error) => (text) => `
  import { CpuLimitError } from 'wasmsig'
  const task = null
  const pool = {
    run: async () => { throw structuredClone(${error}) }
  }
  ${text}`

test('a clone of a CpuLimitError is recognised by its message', async () => {
  await runBlock('Pools of workers', withPool('new CpuLimitError(100, 101)'))
})

test('other errors of a pool pass through', async () => {
  const other = withPool("new RangeError('another')")
  await assert.rejects(runBlock('Pools of workers', other), RangeError)
})
