// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: where it inserts polls, and their code.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import initialise from 'wabt'

import { command, guest } from './support/command.mjs'
import {
  codeOf as code,
  countOf,
  LOOP,
  OWN,
  instrument,
  pollAt1024,
  report,
  sections,
  textToModule,
  tryInstrument,
  withCustom
} from './support/instrument.mjs'

const wabt = await initialise()

const wat = (text, options) => textToModule(wabt, text, options)

test('each loop gets a poll at its start', () => {
  const bytes = wat(`(module ${OWN}
    (func (param i32) (result i32)
      (local.get 0)
      (loop $outer (param i32) (result i32)
        (loop (br_if 0 (i32.const 0)))
        (br_if $outer (i32.const 0))))
    (func (loop (br_if 0 (i32.const 0)))))`)
  const made = instrument(bytes, '--every', '1')
  assert.equal(countOf(pollAt1024, code(made)), 3)
  for (let at = -1, i = 0; i < 3; i++) {
    at = code(made).indexOf(pollAt1024, at + 1)
    assert.equal(code(made)[at - 2], 0x03, 'a loop and its type come before')
  }
  assert.equal(report(made).polls.atomic, 3)
})

test('except for polls the code is unchanged', () => {
  const bytes = readFileSync(guest('signals'))
  const made = instrument(bytes, '--every', '1')
  const text = (module) =>
    wabt.readWasm(module, { readDebugNames: true, threads: true }).toText({})
  const lines = text(made).split('\n')
  const address = report(bytes).words.__instance_signal.address
  const polls = []
  for (let i = 0; i < lines.length; i++) {
    const words = lines.slice(i, i + 7).map((line) => line.trim())
    const is = (number, what) => words[number].startsWith(what)
    if (lines[i].trim() !== `i32.const ${address}`) continue
    if (!is(1, 'i32.atomic.load') || !is(2, 'i32.const 9')) continue
    assert.ok(is(3, 'i32.eq') && is(4, 'if') && is(5, 'unreachable'))
    polls.push(i)
    lines.splice(i--, 7)
  }
  assert.ok(polls.length > 50)
  assert.equal(lines.join('\n'), text(bytes))
})

test('all other sections are unchanged', () => {
  const bytes = withCustom(
    readFileSync(guest('signals')),
    'something',
    'of another tool'
  )
  const others = (module) =>
    sections(module).filter(
      ([number, name]) =>
        number !== 10 &&
        name !== 'target_features' &&
        !name?.startsWith('.debug_')
    )
  const before = others(bytes)
  const after = others(instrument(bytes, '--every', '1'))
  const mark = after.pop()
  assert.ok(before.length > 10)
  assert.deepEqual(after, before)
  assert.deepEqual(mark, [0, 'wasmsig.instrument', Buffer.from([1, 1, 0])])
})

test('--calls polls at the start of functions without recursion too', () => {
  const bytes = wat(`(module ${OWN} (func (call 1))
    (func (loop (br 0))))`)
  const both = instrument(bytes, '--every', '1', '--calls')
  assert.equal(countOf(pollAt1024, code(both)), 3)
  const loops = instrument(bytes, '--every', '1')
  assert.equal(countOf(pollAt1024, code(loops)), 1)
})

test('a poll calls the delivery function, which has no poll itself', () => {
  const bytes = wat(`(module ${OWN}
    (func $deliver (export "__instance_signal_deliver")
      (loop (br_if 0 (i32.const 0))))
    ${LOOP})`)
  const made = code(instrument(bytes, '--every', '1', '--calls'))
  const call = [0x41, 0x80, 8, 0xfe, 0x10, 2, 0, 0x04, 0x40, 0x10, 0, 0x0b]
  assert.equal(countOf(Buffer.from(call), made), 2)
})

test('an attention word is read together with the signal word', () => {
  const module = (signal, attention, rest = '') =>
    wat(`(module (memory (export "memory") 1)
      (global (export "__instance_signal") i32 (i32.const ${signal}))
      (global (export "__instance_signal_attention") i32
        (i32.const ${attention}))
      (func (export "${rest || '__instance_signal_deliver'}"))
      ${LOOP})`)
  const wide = Buffer.from([0xfe, 0x11, 3, 0, 0x42, 0, 0x52, 0x04, 0x40])
  const narrow = Buffer.from([0xfe, 0x10, 2, 0])
  const polls = (bytes) => {
    const made = code(instrument(bytes))
    return [countOf(wide, made), countOf(narrow, made)]
  }
  assert.deepEqual(polls(module(1024, 1028)), [1, 0])
  assert.deepEqual(polls(module(1028, 1032)), [0, 1], 'not aligned as one')
  assert.deepEqual(polls(module(1024, 1032)), [0, 1], 'not adjacent')
  assert.deepEqual(polls(module(1024, 1028, 'other')), [0, 1], 'no delivery')
})

test('an address that is known at instantiation is read from its global', () => {
  const bytes = wat(`(module (import "env" "base" (global $base i32))
    (memory (export "memory") 1)
    (global (export "__instance_signal") i32 (global.get $base)) ${LOOP})`)
  const made = code(instrument(bytes))
  assert.equal(countOf(Buffer.from([0x23, 1, 0xfe, 0x10, 2, 0]), made), 1)
})

test('a module without a loop is unchanged', () => {
  const recursion = '(func $f (call $f))'
  for (const text of [
    '(module (func (export "run")))',
    '(module (import "env" "m" (memory 1)) (func (export "run")))',
    `(module ${OWN} (func (export "run")))`
  ]) {
    const bytes = wat(text)
    for (const words of ['auto', 'null-area']) {
      const made = tryInstrument(bytes, '--words', words)
      assert.equal(made.status, 0)
      assert.match(
        made.stderr,
        /^wasmsig: -: it is unchanged: it has no loop to poll in.*\n$/
      )
      assert.deepEqual(made.bytes, bytes)
    }
    const polled = wat(text.replace(/\)$/, `${recursion})`))
    assert.notDeepEqual(tryInstrument(polled).bytes, polled)
  }
})

test('a poll of its own that a compiler moved out of a loop is reported', () => {
  const poll = '(drop (i32.load (i32.const 1024)))'
  const messages = (before, inside, more = '') =>
    tryInstrument(
      wat(`(module ${OWN} ${more}
        (func ${before} (loop ${inside} (br_if 0 (i32.const 0)))))`)
    ).stderr
  assert.match(
    messages(poll, ''),
    /^wasmsig: -: function 0 polls before its loops and never in them.*\n$/
  )
  assert.equal(messages('', poll), '')
  const deliver = '(func (export "__instance_signal_deliver"))'
  assert.equal(messages(poll, '', deliver), '', 'the added polls deliver')
})

test('--for chooses the polls that cost least in an engine', () => {
  const bytes = wat(`(module ${OWN}
    (func (param i32) (loop (br_if 0 (local.get 0))))
    (func (param i32) (loop
      (i32.store (local.get 0) (i32.const 0)) (br_if 0 (local.get 0)))))`)
  const any = instrument(bytes)
  const { atomic, plain } = report(any).polls
  assert.deepEqual([atomic, plain], [1, 1])
  for (const engine of ['any', 'jsc'])
    assert.deepEqual(instrument(bytes, '--for', engine), any)
  for (const engine of ['v8', 'wasmtime'])
    assert.deepEqual(
      instrument(bytes, '--for', engine),
      instrument(bytes, '--every', '1')
    )
  assert.deepEqual(
    instrument(bytes, '--every', '7', '--for', 'v8'),
    instrument(bytes, '--every', '1'),
    'the last one counts'
  )
  assert.deepEqual(
    instrument(bytes, '--for', 'v8', '--every', '7'),
    instrument(bytes, '--every', '7')
  )
})

test('plain polls that were added are no reason for a hint', () => {
  const text = (rest) =>
    wat(`(module ${OWN} (func (param i32) (loop
      (i32.store (local.get 0) (i32.const 0)) ${rest}
      (br_if 0 (local.get 0)))))`)
  const hints = (bytes) => {
    const { stdout } = command(['inspect', '-'], { input: bytes })
    return stdout.match(/may move a plain load/g)?.length ?? 0
  }
  assert.equal(hints(instrument(text(''))), 0)
  assert.equal(hints(text('(drop (i32.load (i32.const 1024)))')), 1)
})
