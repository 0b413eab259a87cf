// SPDX-License-Identifier: Apache-2.0 OR MIT
// wasmsig/instrument in hosts whose engine cannot stop a call, without a build
// step. test/js/instrument.test.mjs is about Node.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { folder } from '../cli/support/command.mjs'
import { HOSTS } from '../conformance/hosts.mjs'
import { ANYWHERE, SECOND_MEMORY, store } from '../js/support/unpolled.mjs'
import { PATIENCE_MS } from '../support/patience.mjs'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const PROGRAM = at('../js/programs/instrumented.mjs')
const INSTRUMENT = at('../../hosts/js/lib/instrument.js')

const PRELOAD = {
  bun: ['--preload', 'wasmsig/instrument'],
  deno: ['--preload', INSTRUMENT]
}

for (const [name, preload] of Object.entries(PRELOAD))
  test(`${name}: a SIGKILL in the word stops every module`, (t) => {
    const host = HOSTS.find((known) => known.name === name)
    host.fetch()
    const path = folder(t)
    const files = store(path, { ...ANYWHERE, ...SECOND_MEMORY })
    const args = [...host.command, ...preload, PROGRAM, path, ...files]
    const cache = join(path, 'cache')
    const { status, stdout, stderr } = spawnSync(host.program, args, {
      cwd: at('.'),
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        WASMSIG_INSTRUMENT_CACHE: cache
      }
    })
    assert.equal(status, 0, stderr)
    const outcomes = Object.values(JSON.parse(stdout)).map(Object.values)
    assert.deepEqual([...new Set(outcomes.flat())], ['stopped'], stdout)
    assert.equal(outcomes.length, files.length)
    assert.equal(readdirSync(cache).length, files.length)
  })
