// SPDX-License-Identifier: Apache-2.0 OR MIT
// SIGKILL in its word stops an instrumented module, also in hosts whose engine
// cannot end a call.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

import initialise from 'wabt'

import { ENGINES, folder, guest, run } from './support/command.mjs'
import {
  assemble,
  host,
  instrument as instrumentWith,
  noAssembler,
  report
} from './support/instrument.mjs'

const wabt = await initialise()
const KILLED = fileURLToPath(new URL('./guests/killed.mjs', import.meta.url))

const wat = (text, features) =>
  Buffer.from(
    wabt
      .parseWat('endless.wat', text, {
        threads: true,
        tail_call: true,
        ...features
      })
      .toBinary({}).buffer
  )

/** With words in memory 0, where every host finds them. */
const instrument = (bytes, ...args) =>
  instrumentWith(bytes, '--add-page', ...args)

/** Code that runs forever, or for days, without a stack overflow. */
const DEPTH = '(i32.const 60)'
const LOWER = '(i32.sub (local.get 0) (i32.const 1))'
const ENDS = '(if (i32.eqz (local.get 0)) (then (return)))'
const ENDLESS = {
  empty: '(func (export "empty") (loop (br 0)))',
  storing: `(func (export "storing") (local $i i32)
    (loop (global.set $g (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br 0)))`,
  // Each turn stores, on one of two paths, so the load is a plain one.
  'storing to memory': `(func (export "storing to memory") (local $i i32)
    (loop (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (if (i32.and (local.get $i) (i32.const 64))
        (then (i32.store (i32.and (local.get $i) (i32.const 0xff8))
          (local.get $i)))
        (else (i64.store (i32.and (local.get $i) (i32.const 0xff8))
          (i64.const 5))))
      (br 0)))`,
  // The address is a constant.
  'storing to one address': `(func (export "storing to one address")
    (local $i i32)
    (loop (i32.store (i32.const 64) (local.tee $i
        (i32.add (local.get $i) (i32.const 1))))
      (br 0)))`,
  // Once inlined, the function stores in no turn.
  'storing sometimes': `(func $sometimes (param i32 i32)
      (if (local.get 0) (then (i32.store (i32.const 64) (local.get 1)))))
    (func (export "storing sometimes") (local $i i32)
      (loop (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (call $sometimes (i32.const 0) (local.get $i))
        (br 0)))`,
  reading: `(func (export "reading") (local $i i32) (local $sum i32)
    (loop $outer
      (loop $inner
        (local.set $sum (i32.xor (local.get $sum)
          (i32.load (i32.and (local.get $i) (i32.const 0xfffc)))))
        (br_if $inner (i32.and (i32.const 1023)
          (local.tee $i (i32.add (local.get $i) (i32.const 1))))))
      (br_if $outer (i32.ne (local.get $sum) (i32.const 12345)))))`,
  calling: `(func $nothing (param i32))
    (func (export "calling") (loop (call $nothing (global.get $g)) (br 0)))`,
  'loop of itself': `(func $shallow (param i32) (local $i i32) ${ENDS}
    (loop (call $shallow ${LOWER})
      (br_if 0 (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 3)))))
    (func (export "loop of itself") (call $shallow ${DEPTH}))`,
  tree: `(func $tree (param i32) ${ENDS}
      (call $tree ${LOWER}) (call $tree ${LOWER}))
    (func (export "tree") (call $tree ${DEPTH}))`,
  'loop, then recursion': `(func $after (param i32) (local $i i32) ${ENDS}
      (loop (br_if 0 (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 1000))))
      (call $after ${LOWER}) (call $after ${LOWER}))
    (func (export "loop, then recursion") (call $after ${DEPTH}))`,
  'each other': `(func $left (param i32) ${ENDS}
      (call $right ${LOWER}) (call $right ${LOWER}))
    (func $right (param i32) ${ENDS} (call $left ${LOWER}))
    (func (export "each other")
      (call $left (i32.const 200)))`,
  table: `(table funcref (elem $through)) (type $t (func (param i32)))
    (func $through (param i32) ${ENDS}
      (call_indirect (type $t) ${LOWER} (i32.const 0))
      (call_indirect (type $t) ${LOWER} (i32.const 0)))
    (func (export "table") (call $through ${DEPTH}))`,
  'no cycle': `(func $level0)
    ${Array.from(
      { length: 45 },
      (_, i) => `(func $level${i + 1} (call $level${i}) (call $level${i}))`
    ).join('\n')}
    (func (export "no cycle") (call $level45))`,
  'tail calls': `(func $ping (return_call $pong)) (func $pong (return_call $ping))
    (func (export "tail calls") (call $ping))`
}
const NAMES = Object.keys(ENDLESS)
const TEXT = [
  ...Object.values(ENDLESS),
  '(global $g (mut i32) (i32.const 0))'
].join('\n')
const WAYS = [[], ['--every', '1'], ['--every', '7'], ['--every', '64']]

const WORD = '(global (export "__instance_signal") i32 (i32.const 65520))'
const endless = wat(`(module (memory (export "memory") 1) ${WORD} ${TEXT})`)
const shared = wat(
  `(module (memory (export "memory") 1 2 shared) ${WORD} ${TEXT})`
)

// ------------------------------------------------------------------ threads

const RUNNER = `
const { parentPort, workerData } = require('node:worker_threads')
const module = new WebAssembly.Module(workerData.bytes)
const { exports } = new WebAssembly.Instance(module)
parentPort.postMessage(exports.memory)
try {
  exports[workerData.name]()
  parentPort.postMessage('it ended')
} catch (error) {
  parentPort.postMessage(error.constructor.name + ': ' + error.message)
}`

/** How an endless function ends when 9 is stored into its word. */
function kill(bytes, name) {
  const address = report(bytes).words.__instance_signal.address
  const worker = new Worker(RUNNER, { eval: true, workerData: { bytes, name } })
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (memory) => {
      worker.once('message', resolve)
      Atomics.store(new Int32Array(memory.buffer), address / 4, 9)
    })
  }).finally(() => worker.terminate())
}

for (const name of NAMES)
  test(`9 in the word stops endless code by a trap: ${name}`, async () => {
    for (const way of WAYS)
      assert.equal(
        await kill(instrument(shared, ...way), name),
        'RuntimeError: unreachable',
        way.join(' ')
      )
  })

test('other numbers in the word do not stop it', async () => {
  const bytes = wat(`(module (memory (export "memory") 1)
    (func (export "run") (param i32) (loop
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`)
  const made = instrument(bytes, '--every', '1')
  const address = report(made).words.__instance_signal.address
  const { instance } = await WebAssembly.instantiate(made)
  const { memory, run: turn } = instance.exports
  for (const signal of [1, 8, 10, 24, 64, 0xffff]) {
    new Uint32Array(memory.buffer)[address / 4] = signal
    turn(3)
  }
  new Uint32Array(memory.buffer)[address / 4] = 9
  assert.throws(() => turn(3), WebAssembly.RuntimeError)
})

// -------------------------------------------------------------------- hosts

/** The error codes of three calls of a function under a hard limit. */
function errorsOf(found, file, name) {
  const said = execFileSync(
    found.program,
    [...found.command, KILLED, file, name],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } }
  )
  return JSON.parse(said).errors
}

for (const name of ['node-20', 'bun', 'deno']) {
  test(`a hard limit stops endless code in ${name}`, (t) => {
    const found = host(name)
    const file = join(folder(t), 'endless.wasm')
    writeFileSync(file, instrument(endless))
    for (const endlessName of NAMES) {
      const code = 'ERR_WASMSIG_CPU_LIMIT'
      assert.deepEqual(
        errorsOf(found, file, endlessName),
        [code, code, code],
        endlessName
      )
    }
  })
}

test(
  'a hard limit stops recursion through references',
  { skip: noAssembler },
  (t) => {
    const bytes = assemble(`(module (memory (export "memory") 1)
    (rec (type $t (sub (func (param i32 (ref $t))))))
    (type $u (sub $t (func (param i32 (ref $t)))))
    (elem declare func $tree)
    (func $tree (type $u)
      (if (i32.eqz (local.get 0)) (then (return)))
      (call_ref $t ${LOWER} (local.get 1) (local.get 1))
      (call_ref $t ${LOWER} (local.get 1) (local.get 1)))
    (func (export "run") (call $tree ${DEPTH} (ref.func $tree))))`)
    const file = join(folder(t), 'references.wasm')
    writeFileSync(file, instrument(bytes))
    const code = 'ERR_WASMSIG_CPU_LIMIT'
    assert.deepEqual(errorsOf(host('node-26'), file, 'run'), [code, code, code])
  }
)

// -------------------------------------------------------------- wasmsig run

for (const engine of ENGINES)
  test(`an instrumented program behaves as before, in ${engine}`, (t) => {
    const file = join(folder(t), 'plain.wasm')
    const bytes = readFileSync(guest('plain'))
    for (const way of [...WAYS, ['--calls']]) {
      writeFileSync(file, instrument(bytes, ...way))
      const before = run(engine, [guest('plain'), 'arguments', 'one', 'two'])
      const after = run(engine, [file, 'arguments', 'one', 'two'])
      assert.deepEqual(
        [after.status, after.stdout, after.stderr.replaceAll(file, '')],
        [
          before.status,
          before.stdout,
          before.stderr.replaceAll(guest('plain'), '')
        ]
      )
    }
  })
