// SPDX-License-Identifier: Apache-2.0 OR MIT
// What --stats and --json print, for each way a run can end.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
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
  run,
  startIn
} from './support/command.mjs'

const wabt = await initialise()
const plain = guest('plain')
const signals = guest('signals')

/** A file with a program from its text, which need not be valid. */
function moduleOf(t, text) {
  const file = join(folder(t), 'file.wasm')
  const start = '(func (export "_start"))'
  const module = wabt.parseWat('file.wat', `(module ${text} ${start})`)
  writeFileSync(file, module.toBinary({}).buffer)
  return file
}

const factsIn = (stderr) => JSON.parse(stderr.trim().split('\n').at(-1))

for (const engine of ENGINES) {
  const facts = (...args) => factsIn(run(engine, ['--json', ...args]).stderr)

  test(`${engine}: without --stats a normal exit prints nothing`, () => {
    assert.equal(run(engine, [plain, 'exit', '0']).stderr, '')
  })

  test(`${engine}: --stats prints a block of text`, () => {
    const { stderr, status } = run(engine, ['--stats', plain, 'exit', '4'])
    assert.equal(status, 4)
    assert.match(stderr, /^wasmsig: .* in \w+: exit, exit status 4\n/)
    for (const line of [
      ...['CPU time', 'wall time', 'guest memory', 'peak resident', 'signals']
    ]) {
      assert.match(stderr, new RegExp(`^  ${line} +\\S`, 'm'))
    }
  })

  test(`${engine}: --json prints one line`, () => {
    const {
      file,
      engine: name,
      ended,
      status,
      signal,
      ...rest
    } = facts(plain, 'exit', '4')
    assert.deepEqual(
      { file, name, ended, status, signal },
      { file: plain, name: engine, ended: 'exit', status: 4, signal: null }
    )
    const { memory } = JSON.parse(command(['inspect', '--json', plain]).stdout)
    assert.equal(rest.guest_memory_bytes, memory.minimum_pages * 65536)
    assert.ok(rest.peak_resident_bytes > 1e6)
    assert.ok(rest.wall_ns >= rest.cpu_ns)
    assert.deepEqual(rest.signals, [])
  })

  test(`${engine}: --json is complete for a very long path`, (t) => {
    const parts = Array.from({ length: 18 }, () => '\u0001'.repeat(200))
    const directory = join(folder(t), ...parts)
    mkdirSync(directory, { recursive: true })
    const file = join(directory, 'plain.wasm')
    copyFileSync(plain, file)
    assert.equal(facts(file, 'exit', '4').file, file)
  })

  test(`${engine}: a trap and the limit have different names`, () => {
    assert.equal(facts(plain, 'trap').ended, 'trap')
    assert.equal(facts(plain, 'trap').status, 134)
    const limited = facts('--cpu-hard', '20ms', plain, 'spin')
    assert.equal(limited.ended, 'cpu-limit')
    assert.equal(limited.status, 152)
  })

  test(`${engine}: what is refused has statistics too, after the reason`, (t) => {
    const file = join(folder(t), 'file.wasm')
    const cases = {
      'no such file': [file],
      'no module': [process.execPath],
      'an option that does not fit': ['--max-memory', '1KiB', plain],
      'no function of that name': ['--invoke', 'nothing', plain],
      'an import that nobody has': [
        moduleOf(t, `(import "x" "y" (func)) (memory (export "memory") 1)`)
      ],
      'an invalid function': [moduleOf(t, '(func (i32.const 1))')]
    }
    for (const [what, args] of Object.entries(cases)) {
      const { status, stdout, stderr } = run(engine, ['--json', ...args])
      assert.deepEqual([status, stdout], [1, ''], what)
      const lines = stderr.trim().split('\n')
      assert.match(lines[0], /^wasmsig: .*: /)
      const { ended, status: reported, signal } = factsIn(stderr)
      assert.deepEqual([ended, reported, signal], ['refused', 1, null], what)
    }
    const { stderr } = run(engine, ['--stats', file])
    assert.match(stderr, /^wasmsig: .* in \w+: refused, exit status 1$/m)
    assert.equal(run(engine, [file]).stderr.trim().split('\n').length, 1)
  })

  test(`${engine}: a soft limit counts as a signal, sent and acknowledged`, () => {
    const { signals: sent } = facts('--cpu-soft', '30ms', signals, 'busy')
    assert.equal(sent.length, 1)
    const [{ signal, sent: count, acknowledged, slowest_ns }] = sent
    assert.deepEqual([signal, count, acknowledged], ['SIGXCPU', 1, 1])
    assert.ok(slowest_ns > 0)
  })

  test(`${engine}: a program that does not acknowledge is counted`, () => {
    const limits = ['--cpu-soft', '20ms', '--cpu-hard', '40ms']
    const [{ sent, acknowledged }] = facts(
      ...limits,
      signals,
      'unpolled'
    ).signals
    assert.deepEqual([sent, acknowledged], [1, 0])
  })

  test(`${engine}: the end by a signal is reported before it`, async (t) => {
    const { child, said, ended } = startIn(t, engine, [
      ...['--json', plain, 'spin']
    ])
    await said('half')
    child.kill('SIGTERM')
    const { signal, stderr } = await ended
    assert.equal(signal, 'SIGTERM')
    const last = factsIn(stderr)
    assert.deepEqual(
      [last.ended, last.signal, last.status],
      ['signal', 'SIGTERM', 143]
    )
  })

  test(`${engine}: forwarded signals are counted`, async (t) => {
    const { child, said, ended } = startIn(t, engine, [
      ...['--json', '--cpu-hard', '2s', signals, 'persistent']
    ])
    await said('persistent')
    for (let times = 1; times <= 3; times++) {
      child.kill('SIGUSR1')
      await said('received 10\n'.repeat(times))
    }
    const [{ signal, sent, acknowledged }] = factsIn(
      (await ended).stderr
    ).signals
    assert.deepEqual([signal, sent, acknowledged], ['SIGUSR1', 3, 3])
  })
}

// Wasmtime refuses arguments that are not UTF-8.
test('--json is valid JSON if the path is not UTF-8', (t) => {
  const file = join(folder(t), 'plain')
  copyFileSync(plain, file)
  const { stderr } = spawnSync('sh', [
    '-c',
    `p="$1$(printf '\\377')"; cp "$1" "$p"
       "$0" run --engine wamr --json "$p" exit 4`,
    ...[COMMAND, file]
  ])
  const text = new TextDecoder('utf-8', { fatal: true }).decode(stderr)
  assert.equal(factsIn(text).file, `${file}\ufffd`)
})
