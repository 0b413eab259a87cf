// SPDX-License-Identifier: Apache-2.0 OR MIT
// Guests in hosts whose engine cannot stop a call: in loops that an optimising
// compiler has had its turn at they are told, and stopped. That their polls are
// atomic loads the tests of the binaries say.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { folder } from '../cli/support/command.mjs'
import { HOSTS } from '../conformance/hosts.mjs'
import { PATIENCE_MS } from '../support/patience.mjs'
import { answering } from './support/answering.mjs'

const TOLD = fileURLToPath(new URL('./support/told.mjs', import.meta.url))

const guests = await answering()

for (const name of ['bun', 'deno'])
  for (const [language, bytes] of Object.entries(guests))
    test(`${name}: a guest in ${language} is signalled in its loop, and stopped`, (t) => {
      const host = HOSTS.find((known) => known.name === name)
      host.fetch()
      const file = join(folder(t), 'guest.wasm')
      writeFileSync(file, bytes)
      const said = execFileSync(host.program, [...host.command, TOLD, file], {
        encoding: 'utf8',
        timeout: PATIENCE_MS,
        killSignal: 'SIGKILL',
        env: { ...process.env, NODE_OPTIONS: '' }
      })
      assert.deepEqual(JSON.parse(said), {
        hosted: true,
        polls: [true, true, true, 2],
        killed: 'ERR_WASMSIG_CPU_LIMIT'
      })
    })
