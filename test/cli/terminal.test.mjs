// SPDX-License-Identifier: Apache-2.0 OR MIT
// On a terminal: keys that send signals, and the terminal's modes afterwards.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { PATIENCE_MS } from '../support/patience.mjs'
import { COMMAND, ENGINES, guest } from './support/command.mjs'

const signals = guest('signals')
const plain = guest('plain')
const script = fileURLToPath(new URL('support/terminal.py', import.meta.url))

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_BACKSLASH = '\u001c'

/** { output, status, same_modes }; a status of -2 is death by signal 2. */
function onTerminal(steps, args) {
  const { stdout, stderr } = spawnSync(
    'python3',
    [script, JSON.stringify(steps), COMMAND, 'run', ...args],
    { encoding: 'utf8', timeout: PATIENCE_MS }
  )
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

for (const engine of ENGINES) {
  const play = (steps, ...args) =>
    onTerminal(steps, ['--engine', engine, ...args])

  test(`${engine}: Ctrl-C reaches a program that computes`, () => {
    const steps = [
      ['wait', 'busy'],
      ['key', CTRL_C]
    ]
    const { output, status, same_modes } = play(steps, signals, 'busy')
    assert.match(output, /received 2\r\n/)
    assert.equal(status, 10)
    assert.ok(same_modes)
  })

  test(`${engine}: a second Ctrl-C ends a program that ignored the first`, () => {
    const steps = [
      ['wait', 'unpolled'],
      ['key', CTRL_C],
      ['pause', 0.4],
      ['key', CTRL_C]
    ]
    const { output, status, same_modes } = play(steps, signals, 'unpolled')
    assert.match(output, /ended by SIGINT after/)
    assert.equal(status, -2)
    assert.ok(same_modes)
  })

  test(`${engine}: Ctrl-C ends a read of the terminal`, () => {
    const steps = [
      ['wait', 'reading'],
      ['key', 'abc\n'],
      ['wait', 'read 4'],
      ['key', CTRL_C]
    ]
    const { output, status } = play(steps, signals, 'reading')
    assert.match(output, /interrupted, received 2\r\n/)
    assert.equal(status, 12)
  })

  test(`${engine}: Ctrl-D ends standard input`, () => {
    const steps = [
      ['wait', 'reading'],
      ['key', CTRL_D]
    ]
    assert.equal(play(steps, signals, 'reading').status, 0)
  })

  test(`${engine}: Ctrl-\\ is SIGQUIT`, () => {
    const steps = [
      ['wait', 'busy'],
      ['key', CTRL_BACKSLASH]
    ]
    assert.match(play(steps, signals, 'busy').output, /received 3\r\n/)
  })

  test(`${engine}: a change of the window size sends SIGWINCH`, () => {
    const steps = [['wait', 'busy'], ['resize']]
    assert.match(play(steps, signals, 'busy').output, /received 28\r\n/)
  })

  test(`${engine}: Ctrl-C ends a program without signal support`, () => {
    const steps = [
      ['wait', 'half'],
      ['key', CTRL_C]
    ]
    assert.equal(play(steps, plain, 'spin').status, -2)
  })
}
