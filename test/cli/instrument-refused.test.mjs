// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: which modules it refuses, and why.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import initialise from 'wabt'

import { command, folder } from './support/command.mjs'
import {
  LOOP,
  OWN,
  instrument,
  textToModule,
  withCustom
} from './support/instrument.mjs'

const wabt = await initialise()

const wat = (text, options) => textToModule(wabt, text, options)

const refused = {
  'a word outside its memory': [
    () =>
      wat(`(module (memory 1) ${LOOP}
        (global (export "__instance_signal") i32 (i32.const 65536)))`),
    /__instance_signal: a word lies outside/
  ],
  'a mutable word': [
    () =>
      wat(`(module (memory 1) ${LOOP}
        (global (export "__instance_signal") (mut i32) (i32.const 4)))`),
    /__instance_signal: a word is not an immutable global/
  ],
  'a word without memory': [
    () =>
      wat(`(module ${LOOP}
        (global (export "__instance_signal") i32 (i32.const 4)))`),
    /no memory/
  ],
  'an imported word': [
    () =>
      wat(`(module (import "env" "word" (global i32))
        (memory (export "memory") 1) ${LOOP}
        (export "__instance_signal" (global 0)))`),
    /__instance_signal: it is imported: another module defines it/
  ],
  'a delivery function with a result': [
    () =>
      wat(`(module ${OWN} ${LOOP}
        (func (export "__instance_signal_deliver") (result i32)
          i32.const 0))`),
    /__instance_signal_deliver is not a function without/
  ],
  'a delivery function without a word': [
    () =>
      wat(`(module (memory 1) ${LOOP}
        (func (export "__instance_signal_deliver")))`),
    /but not __instance_signal/
  ],
  'a delivery function that the linker wrapped': [
    () =>
      wat(`(module ${OWN} ${LOOP} (func $begin) (func $deliver) (func $end)
        (func (export "__instance_signal_deliver")
          (call $begin) (call $deliver) (call $end))
        (func (export "_start") (call $begin) (call $end)))`),
    /its linker wrapped __instance_signal_deliver.*wasmsig-cc/
  ],
  'an instrumented module': [
    () => instrument(wat(`(module ${LOOP})`)),
    /is already instrumented/
  ],
  'an object file': [
    () => withCustom(wat(`(module ${LOOP})`), 'linking', '\x02'),
    /object file: link it first/
  ],
  relocations: [
    () => withCustom(wat(`(module ${LOOP})`), 'reloc.CODE', '\0\0'),
    /object file: link it first/
  ],
  'a component': [
    () => Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]),
    /it is a component/
  ],
  'a file that is no module': [
    () => Buffer.from('hello'),
    /not a WebAssembly binary/
  ],
  'an access to a memory that only the words have': [
    () => wat('(module (func (loop (drop (i32.load (i32.const 0))) (br 0))))'),
    /at byte \d+: expected the index of a memory that exists/
  ],
  'a local that only a poll has': [
    () => wat('(module (func (loop (local.set 0 (i32.const 1)) (br 0))))'),
    /at byte \d+: expected the index of a local that exists/
  ],
  'a global that only a word has': [
    () => wat('(module (func (loop (drop (global.get 0)) (br 0))))'),
    /at byte \d+: expected the index of a global that exists/
  ],
  'half a module': [
    () => wat(`(module ${OWN} ${LOOP})`).subarray(0, -20),
    /ends too early|breaks the rules/
  ]
}
for (const [what, [make, why]] of Object.entries(refused))
  test(`${what} is refused`, (t) => {
    const out = join(folder(t), 'out.wasm')
    const { status, stdout, stderr } = command(['instrument', '-', '-o', out], {
      input: make()
    })
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^wasmsig: -: [^\n]+\n(wasmsig: hint: [^\n]+\n)?$/)
    assert.match(stderr, why)
    assert.equal(existsSync(out), false)
  })
