// SPDX-License-Identifier: Apache-2.0 OR MIT
// Handlers that leave by longjmp, where the compiler and the engine have
// exceptions. The tests are in programs/jump.c.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { CC, HOSTS, root, run } from './support/posix.mjs'

const FLAGS = ['-O2', '-fwasm-exceptions', '-mllvm', '-wasm-enable-sjlj']

for (const [name, sentence] of [
  ['leaves_by_jump', 'a handler may leave by longjmp'],
  ['others_are_not_lost', 'who jumps loses no signal that came with it']
])
  test(`node: ${sentence}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'wasmsig-jump-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const sources = ['jump.c', 'jump_runtime.c'].map((file) =>
      join(root, 'test/guests/posix/programs', file)
    )
    const file = join(folder, 'jump.wasm')
    execFileSync(CC, [...FLAGS, '-o', file, ...sources])
    const { status, stdout, stderr } = run(HOSTS.node, file, name)
    assert.equal(status, 0, stdout + stderr)
  })
