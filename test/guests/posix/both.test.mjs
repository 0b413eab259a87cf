// SPDX-License-Identifier: Apache-2.0 OR MIT
// Programs that use <wasmsig/guest.h> and POSIX's functions.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

import { CC, program, root, testAll } from './support/posix.mjs'

testAll(program('both'))

test('a second definition of the words is a clear link error', () => {
  const source = join(root, 'test/guests/posix/programs/both.c')
  const args = ['-DDEFINES_WORDS', source, '-o', '/dev/null']
  const { status, stderr } = spawnSync(CC, args, { encoding: 'utf8' })
  assert.notEqual(status, 0)
  assert.match(
    stderr,
    /duplicate symbol: wasmsig_guest_words_stand_twice__define_them_in_one_place_only/
  )
})
