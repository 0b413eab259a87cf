// SPDX-License-Identifier: Apache-2.0 OR MIT
// Instrumented modules die of SIGKILL in their word, in hosts whose engine
// cannot end a call too.
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
import { host, instrument, report } from './support/instrument.mjs'

const wabt = await initialise()
const KILLED = fileURLToPath(new URL('./guests/killed.mjs', import.meta.url))

const wat = (text, features) =>
  Buffer.from(
    wabt
      .parseWat('endless.wat', text, { threads: true, ...features })
      .toBinary({}).buffer
  )

/** Ways not to end. */
const ENDLESS = `(func (export "empty") (loop (br 0)))
  (func (export "storing") (local $i i32)
    (loop (global.set $g (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br 0)))
  (func $nothing (param i32))
  (func (export "calling") (loop (call $nothing (global.get $g)) (br 0)))
  (func $shallow (param $n i32) (local $i i32)
    (if (i32.eqz (local.get $n)) (then (return)))
    (loop (call $shallow (i32.sub (local.get $n) (i32.const 1)))
      (br_if 0 (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 3)))))
  (func (export "recursing") (call $shallow (i32.const 40)))
  (global $g (mut i32) (i32.const 0))`
const NAMES = ['empty', 'storing', 'calling', 'recursing']
const WAYS = [[], ['--every', '1'], ['--every', '7'], ['--every', '64']]

const endless = wat(`(module (memory (export "memory") 1) ${ENDLESS})`)
const shared = wat(`(module (memory (export "memory") 1 2 shared) ${ENDLESS})`)

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

/** What becomes of an endless function when 9 is stored into its word. */
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
  test(`9 in the word ends it by a trap, ${name}`, async () => {
    for (const way of WAYS)
      assert.equal(
        await kill(instrument(shared, ...way), name),
        'RuntimeError: unreachable',
        way.join(' ')
      )
  })

test('other numbers in the word do not', async () => {
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

for (const name of ['node-20', 'bun', 'deno']) {
  test(`a hard limit stops it in ${name}`, (t) => {
    const found = host(name)
    const file = join(folder(t), 'endless.wasm')
    writeFileSync(file, instrument(endless))
    for (const endlessName of NAMES) {
      const said = execFileSync(
        found.program,
        [...found.command, KILLED, file, endlessName],
        { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } }
      )
      const code = 'ERR_WASMSIG_CPU_LIMIT'
      assert.deepEqual(JSON.parse(said).errors, [code, code, code])
    }
  })
}

// -------------------------------------------------------------- wasmsig run

for (const engine of ENGINES)
  test(`a program does the same after it, in ${engine}`, (t) => {
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
