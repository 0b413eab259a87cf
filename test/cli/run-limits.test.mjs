// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig run`: --wall, --max-memory, and what the program is given.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'

import initialise from 'wabt'

import {
  COMMAND,
  ENGINES,
  folder,
  guest,
  run,
  startIn
} from './support/command.mjs'

const wabt = await initialise()
const plain = guest('plain')

/** A file with a program from its text. */
function program(t, text) {
  const file = join(folder(t), 'program.wasm')
  const { buffer } = wabt
    .parseWat('program.wat', `(module ${text})`, {
      multi_memory: true,
      reference_types: true,
      threads: true
    })
    .toBinary({})
  writeFileSync(file, buffer)
  return file
}

// Its exit status is what memory.grow returns, plus 10.
const GROWS = `
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (call $exit (i32.add (memory.grow (i32.const 3)) (i32.const 10))))`

const SLEEPS = `
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 1000000000000))
    (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1)
      (i32.const 200))))`

const SPINS =
  '(memory (export "memory") 1) (func (export "_start") (loop (br 0)))'

for (const engine of ENGINES) {
  // ------------------------------------------------------------------- wall

  const waits = { 'that sleeps': SLEEPS, 'that computes': SPINS }
  for (const [what, text] of Object.entries(waits)) {
    test(`${engine}: --wall ends a program ${what}`, (t) => {
      const options = ['--wall', '200ms', '--stats=json']
      const { status, stderr } = run(engine, [...options, program(t, text)])
      const [line, stats] = stderr.trimEnd().split('\n')
      assert.match(line, /^wasmsig: .*: stopped at its wall-clock limit after /)
      const { ended, status: reported, wall_ns: wall } = JSON.parse(stats)
      assert.deepEqual([status, ended, reported], [124, 'wall-limit', 124])
      assert.ok(wall >= 200e6, `${wall} ns`)
    })
  }

  test(`${engine}: --wall ends a program that reads`, async (t) => {
    const { ended } = startIn(t, engine, ['--wall', '200ms', plain, 'copy'])
    assert.equal((await ended).status, 124)
  })

  test(`${engine}: --wall ends the wait for the module itself`, async (t) => {
    const { ended } = startIn(t, engine, ['--wall', '200ms', '-'])
    assert.equal((await ended).status, 124)
  })

  test(`${engine}: --wall does not end a program that is quicker`, () => {
    const { status, stderr } = run(engine, ['--wall', '1m', plain, 'exit', '3'])
    assert.deepEqual([status, stderr], [3, ''])
  })

  test(`${engine}: of two limits the first to pass counts`, (t) => {
    const file = program(t, SPINS)
    const status = (cpu, wall) =>
      run(engine, ['--cpu-hard', cpu, '--wall', wall, file]).status
    assert.equal(status('50ms', '1m'), 152)
    assert.equal(status('1m', '50ms'), 124)
  })

  // ----------------------------------------------------------------- memory

  test(`${engine}: beyond --max-memory growing fails`, (t) => {
    const file = program(t, GROWS)
    const grown = (size) =>
      run(engine, ['--max-memory', size, file]).status - 10
    assert.equal(grown('256KiB'), 1)
    assert.equal(grown('255.9KiB'), -1)
    assert.equal(grown('64KiB'), -1)
    assert.equal(grown('1024GiB'), 1)
  })

  test(`${engine}: malloc fails beyond --max-memory`, () => {
    const { status, stdout } = run(engine, [
      '--max-memory',
      '1MiB',
      plain,
      'fill'
    ])
    assert.equal(status, 0)
    assert.match(stdout, /^\d+ KiB, then NULL\n$/)
    assert.ok(parseInt(stdout, 10) < 1024, stdout)
  })

  test(`${engine}: a memory that is larger from the start is refused`, (t) => {
    const file = program(t, GROWS)
    const { status, stderr } = run(engine, ['--max-memory', '65535B', file])
    assert.equal(status, 1)
    assert.match(stderr, /: its memory is larger than --max-memory from the/)
  })

  test(`${engine}: --max-memory limits memories that are shared too`, (t) => {
    const text = (memories) => `
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      ${memories}
      (export "memory" (memory 0))
      (func (export "_start") (call $exit (i32.const 7)))`
    const shared = text('(memory 1 100 shared)')
    const limited = (size, file) => run(engine, ['--max-memory', size, file])
    const small = limited('1MiB', program(t, shared))
    assert.equal(small.status, 1)
    assert.match(
      small.stderr,
      /: a memory of it is shared, and may grow beyond/
    )
    assert.equal(limited('6400KiB', program(t, shared)).status, 7)
    const second = text('(memory 1) (memory 1 100 shared)')
    const other = limited('1MiB', program(t, second))
    assert.equal(other.status, 1)
    assert.match(
      other.stderr,
      engine === 'wasmtime' ? /: a memory of it is/ : /./
    )
  })

  test(`${engine}: --max-memory limits tables, 8 bytes an element`, (t) => {
    const grows = (table, by) => `
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (table $t ${table} funcref)
      (func (export "_start")
        (call $exit (i32.add (i32.const 20)
          (table.grow $t (ref.null func) (i32.const ${by})))))`
    const limited = (table, by) =>
      run(engine, ['--max-memory', '1MiB', program(t, grows(table, by))])
    assert.equal(limited('10', 500).status, 30)
    assert.equal(limited('10', 131072).status, 19)
    assert.equal(limited('131072 131072', 1).status, 19)
    const large = limited('131073', 1)
    assert.equal(large.status, 1)
    assert.match(
      large.stderr,
      engine === 'wasmtime' ? /table limits/ : /a table of it may grow beyond/
    )
    const unlimited = run(engine, [program(t, grows('131073', 10))])
    assert.equal(unlimited.status, (20 + 131073) % 256)
  })

  // ---------------------------------------------------- the program is given

  test(`${engine}: --env-inherit passes on what --env does not set`, () => {
    const env = { ...process.env, OURS: 'ours', BOTH: 'ours', EMPTY: '' }
    const value = (name, ...options) =>
      run(engine, [...options, plain, 'environment', name], { env }).stdout
    assert.equal(value('OURS'), '(not set)\n')
    assert.equal(value('OURS', '--env-inherit'), 'ours\n')
    assert.equal(value('EMPTY', '--env-inherit'), '\n')
    const given = ['--env', 'BOTH=given']
    assert.equal(value('BOTH', ...given, '--env-inherit'), 'given\n')
    assert.equal(value('BOTH', '--env-inherit', ...given), 'given\n')
  })

  test(`${engine}: a variable that is not UTF-8 is passed on, or named`, () => {
    const script = String.raw`export BAD=$'\xe9' GOOD=here; exec "$@"`
    const read = (name) =>
      spawnSync(
        'bash',
        [
          ...['-c', script, 'bash', COMMAND, 'run', '--engine', engine],
          ...['--env-inherit', plain, 'environment', name]
        ],
        { encoding: 'latin1' }
      )
    const left = 'wasmsig: --env-inherit: BAD is left out: it is not UTF-8,'
    for (const name of ['GOOD', 'BAD']) {
      const { status, stdout, stderr } = read(name)
      const value = name === 'GOOD' ? 'here' : '\xe9'
      if (engine === 'wamr')
        assert.deepEqual([status, stdout, stderr], [0, `${value}\n`, ''])
      else assert.ok(stderr.startsWith(left), stderr)
      if (name === 'GOOD') assert.equal(stdout, 'here\n')
    }
  })

  test(`${engine}: --argv0 is the name of the program`, () => {
    const name = (...options) => run(engine, [...options, plain, 'name']).stdout
    assert.equal(name(), `${plain}\n`)
    assert.equal(name('--argv0', 'busybox'), 'busybox\n')
    assert.equal(name('--argv0', ''), '\n')
  })
}

test('what Wasmtime is given must be UTF-8, and what is not is named', (t) => {
  const script = String.raw`
    bad=$'\xe9' && mkdir "$1/$bad" && cp "$2" "$1/$bad.wasm" || exit 9
    try() { "$0" run "$@" 2>&1; echo "$?"; }
    try --env "A=$bad" "$2" exit 0
    try --dir "$1/$bad::/in" "$2" exit 0
    try "$2" exit "$bad"
    try "$1/$bad.wasm" exit 0
    try --argv0 name "$1/$bad.wasm" exit 0
    try --engine wamr --env "A=$bad" "$1/$bad.wasm" exit 0`
  const { stdout } = spawnSync(
    'bash',
    ['-c', script, COMMAND, folder(t), plain],
    { encoding: 'utf8' }
  )
  const says = String.raw`it is not UTF-8, which Wasmtime needs`
  const lines = stdout.trim().split('\n')
  for (const [i, says_before] of [
    ...[/ --env: A: $/, / --dir: .*\\e9: $/, / argument 2, '\\e9': $/],
    / .*\\e9\.wasm: $/
  ].entries()) {
    const [before, after] = lines[2 * i].split(says)
    assert.match(before, says_before)
    assert.match(after, i === 3 ? /^; --argv0 gives another name/ : /^ \(try/)
    assert.equal(lines[2 * i + 1], '2')
  }
  assert.deepEqual(lines.slice(8), ['0', '0'])
})

// --------------------------------------------------------- read-only folders

test('a program changes nothing in a folder with ::ro', (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'old'), 'old\n')
  const inFolder = (mark, ...args) =>
    run('wasmtime', ['--dir', `${path}${mark}`, plain, ...args])
  for (const mark of ['::/in::ro', '::/in']) {
    const { status, stdout } = inFolder(mark, 'print', '/in/old')
    assert.deepEqual([status, stdout], [0, 'old\n'])
  }
  assert.notEqual(inFolder('::/in::ro', 'write', '/in/new').status, 0)
  assert.notEqual(inFolder('::/in::ro', 'write', '/in/old').status, 0)
  assert.equal(readFileSync(join(path, 'old'), 'utf8'), 'old\n')
  assert.equal(inFolder('::/in', 'write', '/in/new').status, 0)
  assert.equal(inFolder('::ro', 'print', join(path, 'old')).stdout, 'old\n')
})

test('WAMR refuses a read-only folder', (t) => {
  const { status, stderr } = run('wamr', [
    ...['--dir', `${folder(t)}::/in::ro`, plain, 'exit', '0']
  ])
  assert.equal(status, 1)
  assert.match(stderr, /no read-only folders \(::ro\): use --engine wasmtime/)
})
