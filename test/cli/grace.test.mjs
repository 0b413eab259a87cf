// SPDX-License-Identifier: Apache-2.0 OR MIT
// --grace: a request to end that the program does not acknowledge in time ends
// it.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'

import initialise from 'wabt'

import {
  COMMAND,
  ENGINES,
  command,
  folder,
  guest,
  pause,
  startIn
} from './support/command.mjs'

const wabt = await initialise()
const signals = guest('signals')

const REQUESTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** A program that does not declare which signals it handles: it exports a
 * signal word only. It prints a line, and exits with the number that it polls,
 * plus 40. It does not exchange the word each turn: WAMR does that in two steps,
 * and a signal between them would be lost. */
function silent(t) {
  const file = join(folder(t), 'silent.wasm')
  const text = `(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write"
      (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global (export "__instance_signal") i32 (i32.const 1024))
    (data (i32.const 8) "silent\\n")
    (func (export "_start") (local $signal i32)
      (i32.store (i32.const 0) (i32.const 8))
      (i32.store (i32.const 4) (i32.const 7))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1)
        (i32.const 64)))
      (loop
        (local.set $signal (i32.atomic.load (i32.const 1024)))
        (br_if 0 (i32.eqz (local.get $signal))))
      (i32.atomic.store (i32.const 1024) (i32.const 0))
      (call $exit (i32.add (local.get $signal) (i32.const 40)))))`
  const module = wabt.parseWat('silent.wat', text, { threads: true })
  writeFileSync(file, module.toBinary({}).buffer)
  return file
}

const isAlive = ({ child }) => (child.exitCode ?? child.signalCode) === null

for (const engine of ENGINES) {
  const begin = async (t, grace, ...args) => {
    const running = startIn(t, engine, [...grace, ...args])
    await running.said(args.at(-1).endsWith('.wasm') ? 'silent' : args.at(-1))
    return running
  }

  for (const name of REQUESTS)
    test(`${engine}: ${name} that is not acknowledged ends a program`, async (t) => {
      const grace = ['--grace', '200ms']
      const { child, ended } = await begin(t, grace, signals, 'unpolled')
      const sent = performance.now()
      child.kill(name)
      const { signal, stderr } = await ended
      assert.equal(signal, name)
      assert.match(
        stderr,
        new RegExp(`^wasmsig: .*: ended by ${name} after .*\n$`)
      )
      assert.ok(performance.now() - sent >= 199)
    })

  // The time is long, so that a program on a busy machine acknowledges in time.
  test(`${engine}: a program that acknowledges a request lives`, async (t) => {
    const grace = ['--grace', '3s']
    const running = await begin(t, grace, signals, 'persistent')
    let lines = ''
    for (let i = 0; i < 2; i++) {
      running.child.kill('SIGTERM')
      lines += 'received 15\n'
      await running.said(lines)
      await pause(3500)
      assert.ok(isAlive(running))
    }
    running.child.kill('SIGKILL')
    assert.equal((await running.ended).signal, 'SIGKILL')
  })

  test(`${engine}: another signal that waits is no request that waits`, async (t) => {
    const grace = ['--grace', '3s']
    const running = await begin(t, grace, signals, 'deaf')
    running.child.kill('SIGTERM')
    await running.said('received 15')
    running.child.kill('SIGWINCH')
    running.child.kill('SIGUSR1')
    await pause(3500)
    assert.ok(isAlive(running))
    running.child.kill('SIGTERM')
    assert.equal((await running.ended).signal, 'SIGTERM')
  })

  test(`${engine}: without --grace a program may ignore one request`, async (t) => {
    for (const grace of [[], ['--grace', 'none']]) {
      const running = await begin(t, grace, signals, 'unpolled')
      running.child.kill('SIGTERM')
      await pause(400)
      assert.ok(isAlive(running))
      running.child.kill('SIGKILL')
      await running.ended
    }
  })

  test(`${engine}: with --grace 0 the first Ctrl-C ends a program that does not handle it`, async (t) => {
    const { child, ended } = await begin(
      ...[t, ['--grace', '0'], signals, 'limit-only']
    )
    child.kill('SIGINT')
    assert.equal((await ended).signal, 'SIGINT')
  })

  test(`${engine}: with --grace 0 a program that declares a handler lives`, async (t) => {
    const { child, ended } = await begin(
      ...[t, ['--grace', '0s'], signals, 'handling']
    )
    child.kill('SIGTERM')
    const { status, stdout } = await ended
    assert.deepEqual([status, stdout], [18, 'handling\nreceived 15\n'])
  })

  test(`${engine}: with --grace 0 a program that declares nothing ends`, async (t) => {
    const program = silent(t)
    for (const [grace, expected] of [
      [['--grace', '0'], 'SIGTERM'],
      [['--grace', '1m'], 55],
      [[], 55]
    ]) {
      const { child, ended } = await begin(t, grace, program)
      child.kill('SIGTERM')
      const { signal, status } = await ended
      assert.equal(signal ?? status, expected)
    }
  })
}

test('--grace takes a time, 0 or none', () => {
  for (const [text, why] of [
    ['5', /--grace: '5' has no unit/],
    ['soon', /--grace: 'soon' is not a time/],
    ['-1s', /--grace: '-1s' is not a time/]
  ]) {
    const { status, stderr } = command(['run', '--grace', text, signals])
    assert.equal(status, 2)
    assert.match(stderr, why)
  }
  for (const text of ['0', '0s', '0.0ms', 'none', '1ns'])
    assert.equal(command(['run', '--grace', text, signals]).status, 99)
})

// ----------------------------------------- the first process of a container

const CONTAINER = ['--pid', '--fork', '--mount-proc']
const skip =
  spawnSync('unshare', [...CONTAINER, 'true']).status !== 0 &&
  'SKIPPED: unshare(1) may make no PID namespace here'

/** The status of a first process after one SIGTERM. */
async function statusAsFirst(t, args) {
  const container = spawn('unshare', [...CONTAINER, COMMAND, 'run', ...args])
  const ended = once(container, 'close')
  await once(container.stdout.setEncoding('utf8'), 'data')
  const children = `/proc/${container.pid}/task/${container.pid}/children`
  const first = Number(readFileSync(children, 'utf8'))
  t.after(() => container.exitCode ?? process.kill(first, 'SIGKILL'))
  process.kill(first, 'SIGTERM')
  return (await ended)[0]
}

test('as a first process the default is 0', { skip }, async (t) => {
  const program = silent(t)
  assert.equal(await statusAsFirst(t, [program]), 143)
  assert.equal(await statusAsFirst(t, ['--grace', 'none', program]), 55)
  assert.equal(await statusAsFirst(t, [signals, 'handling']), 18)
})

test('a first process ends when its time is over', { skip }, async (t) => {
  const args = ['--grace', '100ms', signals, 'unpolled']
  assert.equal(await statusAsFirst(t, args), 143)
})
