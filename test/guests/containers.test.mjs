// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What docs/how-to/containers.md says of SIGTERM and the first process of a
 * container: here, of a PID namespace.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { folder } from '../cli/support/command.mjs'
import { ROOT } from './support/compilers.mjs'

const CONTAINER = ['--pid', '--fork', '--mount-proc']
const skip =
  spawnSync('unshare', [...CONTAINER, 'true']).status !== 0 &&
  'SKIPPED: unshare(1) may make no PID namespace here'
if (skip) console.log(skip)

const COMMAND = join(ROOT, 'build/release/wasmsig')

/** Runs a program as the first process until it prints something. */
async function begin(t, args) {
  const container = spawn('unshare', [...CONTAINER, ...args])
  const ended = once(container, 'close')
  await once(container.stdout.setEncoding('utf8'), 'data')
  const children = `/proc/${container.pid}/task/${container.pid}/children`
  const first = Number(readFileSync(children, 'utf8'))
  t.after(() => container.exitCode ?? process.kill(first, 'SIGKILL'))
  return { first, ended }
}

/** The status after SIGTERM. */
async function statusOf(t, args) {
  const { first, ended } = await begin(t, args)
  process.kill(first, 'SIGTERM')
  const [status, signal] = await ended
  assert.equal(signal, null)
  return status
}

test(
  'a program that handles SIGTERM ends with its status',
  { skip },
  async (t) => {
    const program = join(ROOT, 'build/release/guests/primes.wasm')
    assert.equal(await statusOf(t, [COMMAND, 'run', program]), 3)
  }
)

test('one that does not handle it ends with 143', { skip }, async (t) => {
  const program = join(folder(t), 'spin.wasm')
  const source = `
    #include <unistd.h>
    int main(void) {
      write(1, "begins", 6);
      for (volatile int i = 0;; i++) continue;
    }`
  spawnSync(
    'clang-19',
    ['--target=wasm32-wasi', '-x', 'c', '-', '-o', program],
    { input: source }
  )
  assert.equal(await statusOf(t, [COMMAND, 'run', program]), 143)
})

/** A program for Node that prints a line and goes on. */
const node = (text) => [
  ...[process.execPath, '--input-type=module', '--eval'],
  `import { forward } from 'wasmsig'; ${text}; setInterval(() => {}, 1000)`
]
const PRINT = "process.stdout.write('begins')"

test('a listener of Node ends the process', { skip }, async (t) => {
  const listens = "process.on('SIGTERM', () => process.exit(7))"
  assert.equal(await statusOf(t, node(`${listens}; ${PRINT}`)), 7)
})

for (const [name, loop] of [
  ['idle', ''],
  ['busy', 'for (;;) {}']
])
  test(`forward() alone ends Node with 143: ${name}`, { skip }, async (t) => {
    const text = `forward(['SIGTERM']); ${PRINT}; ${loop}`
    assert.equal(await statusOf(t, node(text)), 143)
  })

test('Node without both ignores SIGTERM', { skip }, async (t) => {
  const answers = "process.on('SIGUSR2', () => process.exit(9))"
  const { first, ended } = await begin(t, node(`${answers}; ${PRINT}`))
  process.kill(first, 'SIGTERM')
  process.kill(first, 'SIGUSR2')
  assert.deepEqual(await ended, [9, null])
})
