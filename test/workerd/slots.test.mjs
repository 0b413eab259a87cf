// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The slots and what calls the runtime, as a compiler of C++ calls (slots.cc). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

import { COMMAND } from './support/runtime.mjs'

test('classes of C++ are passed and returned as its compiler does', () => {
  const program = join(COMMAND, '../test/workerd_slots')
  const { status, stdout } = spawnSync(program, { encoding: 'utf8' })
  assert.deepEqual({ status, stdout }, { status: 0, stdout: '' })
})
