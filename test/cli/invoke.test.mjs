// SPDX-License-Identifier: Apache-2.0 OR MIT
// --invoke: a call of an exported function, under the same limits and signals.
import assert from 'node:assert/strict'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import initialise from 'wabt'

import { ENGINES, folder, run, startIn } from './support/command.mjs'
import { assemble } from './support/instrument.mjs'

const wabt = await initialise()
const FEATURES = { threads: true, reference_types: true }

function moduleOf(t, text) {
  const file = join(folder(t), 'functions.wasm')
  const module = wabt.parseWat('functions.wat', text, FEATURES)
  writeFileSync(file, module.toBinary({}).buffer)
  return file
}

const functions = (t) =>
  moduleOf(
    t,
    `(module
      (import "wasi_snapshot_preview1" "args_get"
        (func $args-get (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
      (export "imported" (func $yield))
      (func (export "add") (param i32 i32) (result i32)
        (i32.add (local.get 0) (local.get 1)))
      (func (export "i64") (param i64) (result i64) (local.get 0))
      (func (export "f32") (param f32) (result f32) (local.get 0))
      (func (export "f64") (param f64) (result f64) (local.get 0))
      (func (export "mixed") (param i64 f32 i32 f64) (result f64 i32 f32 i64)
        (local.get 3) (local.get 2) (local.get 1) (local.get 0))
      (func (export "nothing"))
      (func (export "takes-reference") (param externref))
      (func (export "returns-reference") (result externref)
        (ref.null extern))
      (func (export "takes-function") (param funcref))
      (func (export "returns-function") (result i32 funcref)
        (i32.const 0) (ref.null func))
      (func (export "traps") unreachable)
      (func (export "turns") (loop (br 0)))
      (memory (export "memory") 1))`
  )

/** A reactor. It counts how often it was initialised. With WASI or without. */
const reactor = (t, wasi) =>
  moduleOf(
    t,
    `(module
      ${wasi ? '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))' : ''}
      (memory (export "memory") 1)
      (global $count (mut i32) (i32.const 40))
      (func (export "_initialize")
        (global.set $count (i32.add (global.get $count) (i32.const 1))))
      (func (export "count") (result i32) (global.get $count))
      (func (export "leave") (param i32)
        ${wasi ? '(call $exit (local.get 0))' : ''}))`
  )

/**
 * It prints a line. Then it waits for a signal, which is its result. It polls by
 * loads: an exchange is two steps in WAMR, and could lose the signal.
 */
const polling = (t) =>
  moduleOf(
    t,
    `(module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (global (export "__instance_signal") i32 (i32.const 1024))
      (data (i32.const 8) "ready\\n")
      (func (export "wait") (result i32) (local $signal i32)
        (i32.store (i32.const 0) (i32.const 8))
        (i32.store (i32.const 4) (i32.const 6))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1)
          (i32.const 64)))
        (loop
          (local.set $signal (i32.atomic.load (i32.const 1024)))
          (br_if 0 (i32.eqz (local.get $signal))))
        (i32.store (i32.const 1024) (i32.const 0))
        (local.get $signal)))`
  )

const INFINITE = '1' + '0'.repeat(300)

const CALLS = [
  [['add', '1', '-3'], '-2\n'],
  [['add', '4294967295', '0x10'], '15\n'],
  [['add', '-0x80000000', '0'], '-2147483648\n'],
  [['i64', '-9223372036854775808'], '-9223372036854775808\n'],
  [['i64', '18446744073709551615'], '-1\n'],
  [['f32', '0.1'], '0.1\n'],
  [['f32', '16777217'], '16777216\n'],
  [['f64', '0.1'], '0.1\n'],
  [['f64', '0.30000000000000004'], '0.30000000000000004\n'],
  [['f64', '-0'], '-0\n'],
  [['f64', '12345678.25'], '12345678.25\n'],
  [['f64', '5e-7'], '0.0000005\n'],
  [['f64', '1e300'], `${INFINITE}\n`],
  [['f64', '-inf'], '-inf\n'],
  [['f64', 'nan'], 'NaN\n'],
  [['mixed', '7', '1.5', '-8', '2.25'], '2.25\n-8\n1.5\n7\n'],
  [['nothing'], '']
]

const MISTAKES = [
  [['subtract', '1'], 'it exports no function of that name'],
  [['memory'], 'it exports no function of that name'],
  [['add', '1'], "'add' has 2 parameters, but 1 argument is given"],
  [['f64'], "'f64' has 1 parameter, but 0 arguments are given"],
  [['nothing', '1', '2'], "'nothing' has 0 parameters, but 2 arguments are"],
  [['add', '1', '2x'], "argument 2: '2x' is no i32"],
  [['add', '', '2'], "argument 1: '' is no i32"],
  [['add', '--1', '2'], "argument 1: '--1' is no i32"],
  [['add', ' 1', '2'], "argument 1: ' 1' is no i32"],
  [['add', '4294967296', '2'], "argument 1: '4294967296' is no i32"],
  [['add', '-2147483649', '2'], "argument 1: '-2147483649' is no i32"],
  [['i64', '18446744073709551616'], 'is no i64'],
  [['f32', '1.5.'], "argument 1: '1.5.' is no f32"],
  [['f64', 'one'], "argument 1: 'one' is no f64"],
  [['takes-reference', '1'], 'that is no number'],
  [['returns-reference'], 'that is no number'],
  [['takes-function', '1'], 'that is no number'],
  [['returns-function'], 'that is no number'],
  [['imported', '1'], "'imported' has 0 parameters, but 1 argument is given"]
]

for (const engine of ENGINES) {
  const invoke = (file, [name, ...args], options = []) =>
    run(engine, [...options, '--invoke', name, file, ...args])

  test(`${engine}: a function's results are printed, one a line`, (t) => {
    const file = functions(t)
    for (const [words, expected] of CALLS) {
      const { status, stdout, stderr } = invoke(file, words)
      assert.deepEqual([status, stdout, stderr], [0, expected, ''], words)
    }
  })

  test(`${engine}: what does not fit the function is refused`, (t) => {
    const file = functions(t)
    for (const [words, expected] of MISTAKES) {
      const { status, stdout, stderr } = invoke(file, words)
      assert.deepEqual([status, stdout], [1, ''], words)
      assert.match(stderr, /^wasmsig: .*: --invoke: /)
      assert.ok(stderr.includes(expected), stderr)
    }
  })

  test(`${engine}: a function of a module that needs threads is refused`, (t) => {
    const file = moduleOf(
      t,
      `(module
        (import "wasi" "thread-spawn" (func (param i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "f")))`
    )
    const { status, stderr } = invoke(file, ['f'])
    assert.equal(status, 1)
    assert.match(stderr, /it needs threads \(wasi-threads\)/)
  })

  test(`${engine}: a trap and a hard limit end the call`, (t) => {
    const file = functions(t)
    const trap = invoke(file, ['traps'])
    assert.deepEqual([trap.status, trap.stdout], [134, ''])
    assert.match(trap.stderr, /trap: .*unreachable/)
    const stopped = invoke(file, ['turns'], ['--cpu-hard', '20ms'])
    assert.equal(stopped.status, 152)
    assert.match(stopped.stderr, /stopped at its CPU limit/)
  })

  test(`${engine}: a reactor is initialised once`, (t) => {
    for (const wasi of [true, false]) {
      const file = reactor(t, wasi)
      assert.equal(invoke(file, ['count']).stdout, '41\n')
      const { status, stdout, stderr } = invoke(file, ['_initialize'])
      assert.deepEqual([status, stdout, stderr], [0, '', ''])
    }
  })

  test(`${engine}: a function that exits sets the status`, (t) => {
    const { status, stdout } = invoke(reactor(t, true), ['leave', '7'])
    assert.deepEqual([status, stdout], [7, ''])
  })

  test(`${engine}: a function receives the soft limit and signals`, async (t) => {
    const file = polling(t)
    const limited = invoke(file, ['wait'], ['--cpu-soft', '20ms'])
    assert.deepEqual([limited.status, limited.stdout], [0, 'ready\n24\n'])
    const running = startIn(t, engine, ['--invoke', 'wait', file])
    await running.said('ready')
    running.child.kill('SIGTERM')
    const { status, stdout } = await running.ended
    assert.deepEqual([status, stdout], [0, 'ready\n15\n'])
  })

  test(`${engine}: results that cannot be written are an error`, (t) => {
    const full = openSync('/dev/full', 'w')
    t.after(() => closeSync(full))
    const { status, stderr } = run(
      engine,
      ['--invoke', 'add', functions(t), '1', '2'],
      { stdio: ['ignore', full, 'pipe'] }
    )
    assert.equal(status, 1)
    assert.match(stderr, /standard output: No space left on device/)
  })
}

test('a vector is no parameter and no result', (t) => {
  const file = moduleOf(
    t,
    `(module
      (func (export "takes") (param i32 v128))
      (func (export "returns") (result v128) (v128.const i32x4 1 2 3 4)))`
  )
  for (const words of [['takes', '1', '2'], ['returns']]) {
    const { status, stderr } = run('wasmtime', [
      ...['--invoke', words[0], file, ...words.slice(1)]
    ])
    assert.equal(status, 1, words)
    assert.match(stderr, /that is no number \(v128 or a reference\)/)
  }
})

test('a program may export a vector, but its start takes none', (t) => {
  const vector = '(global (export "g") v128 (v128.const i32x4 1 2 3 4))'
  const file = moduleOf(t, `(module ${vector} (func (export "_start")))`)
  const { status, stderr } = run('wasmtime', [file])
  assert.deepEqual([status, stderr], [0, ''])
  const other = moduleOf(t, '(module (func (export "_start") (param v128)))')
  const refused = run('wasmtime', [other])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /its function _start has parameters or results/)
})

test('types of WebAssembly 3.0 may come before the function', (t) => {
  const file = join(folder(t), 'types.wasm')
  const text = `(module
    (type (array (mut i8)))
    (rec
      (type $a (sub (struct (field i8) (field (mut (ref null $b))))))
      (type $b (sub final $a (struct (field i8) (field (mut (ref null $b)))
        (field v128))))
      (type (func (param (ref $a)) (result (ref null func)))))
    (type (sub (func (param i64) (result i64))))
    (func (export "takes") (param (ref $a)))
    (func (export "same") (type 4) (local.get 0)))`
  writeFileSync(file, assemble(text))
  const same = run('wasmtime', ['--invoke', 'same', file, '12'])
  assert.deepEqual([same.status, same.stdout, same.stderr], [0, '12\n', ''])
  const refused = run('wasmtime', ['--invoke', 'takes', file, '12'])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /that is no number/)
})

test('functions of components cannot be called', (t) => {
  const file = join(folder(t), 'component.wasm')
  writeFileSync(file, Buffer.from('0061736d0d000100', 'hex'))
  const { status, stderr } = run('wasmtime', ['--invoke', 'add', file])
  assert.equal(status, 1)
  assert.match(stderr, /it is a component .*: --invoke calls functions of mod/)
})
