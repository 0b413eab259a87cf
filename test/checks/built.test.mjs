// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Test files run side by side, and share what they make and fetch. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { built } from '../support/built.mjs'

const run = promisify(execFile)
const support = new URL('../support/built.mjs', import.meta.url)

/** Makes a folder of two files, slowly, and prints what it then finds. */
const PROGRAM = `
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { built } from '${support}'
const folder = built(process.argv[1], [], (path) => {
  mkdirSync(path)
  writeFileSync(path + '/first', '')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  writeFileSync(path + '/last', '')
})
console.log(readdirSync(folder).join())
`

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-built-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

test('programs that make the same folder at once all find it whole', async (t) => {
  const outside = folder(t)
  const target = join(outside, 'made')
  const program = ['--input-type=module', '--eval', PROGRAM, target]
  const runs = Array.from({ length: 4 }, () => run(process.execPath, program))
  for (const { stdout } of await Promise.all(runs)) {
    assert.equal(stdout, 'first,last\n')
  }
  assert.deepEqual(readdirSync(outside), ['made'])
})

test('what could not be made leaves nothing, and is made the next time', (t) => {
  const outside = folder(t)
  const target = join(outside, 'made')
  assert.throws(
    () =>
      built(target, [], (path) => {
        mkdirSync(path)
        throw new Error('no network')
      }),
    /no network/
  )
  assert.deepEqual(readdirSync(outside), [])
  built(target, [], (path) => mkdirSync(path))
  assert.deepEqual(readdirSync(outside), ['made'])
})
