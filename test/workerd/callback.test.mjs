// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The callback by which Python Workers are signalled (callback.c). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

import { COMMAND } from './support/runtime.mjs'

const PROGRAM = join(COMMAND, '../test/workerd_callback')

for (const [how, shell] of [
  ['by the timer', 'exec "$0"'],
  ['by the watchdog', 'ulimit -i 0; exec "$0"']
]) {
  test(`the callback of a Python Worker is called, ${how}`, () => {
    const { status, stdout } = spawnSync('bash', ['-c', shell, PROGRAM], {
      encoding: 'utf8'
    })
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' })
  })
}
