// SPDX-License-Identifier: Apache-2.0 OR MIT
// Signals of another thread, as close to each other as it can: each is heard. So
// words are taken by exchange, and the word before the set. Of the set chance
// shows it too seldom: there the instruction is looked for.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { instructionsOf } from '../support/loops.mjs'
import { program, root, run } from './support/posix.mjs'

const TURNS = process.env.WASMSIG_PAIRS ?? '3000'
const host = join(root, 'test/guests/posix/support/raise-pairs.mjs')

for (const [how, ...options] of [
  ['both of two signals are heard'],
  ['a host that knows the word alone: the second is heard', '--word-alone']
])
  test(how, () => {
    const node = [process.execPath, '--no-warnings', host]
    const file = program('counts')
    const { status, stderr } = run(node, file, TURNS, ...options)
    assert.equal(status, 7, stderr)
  })

test('words are taken by exchange, and by nothing else', () => {
  const takers = ['wsig_take_word', 'wsig_take_set']
  const flags = takers.map((name) => `-Wl,--export=${name}`)
  const file = program('counts', '--wasmsig-no-polls', ...flags)
  const functions = instructionsOf(readFileSync(file))
  for (const [name, type] of [
    ['wsig_take_word', 'i32'],
    ['wsig_take_set', 'i64'],
    ['__instance_signal_deliver', 'i32']
  ]) {
    const [first, second, third] = functions
      .get(name)
      .map(({ text }) => text)
      .filter((text) => !text.startsWith('(local'))
    assert.match(first, /^i32\.const \d+$/)
    assert.equal(second, `${type}.const 0`)
    assert.ok(third.startsWith(`${type}.atomic.rmw.xchg`), third)
  }
})
