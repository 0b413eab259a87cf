// SPDX-License-Identifier: Apache-2.0 OR MIT
// What `wasmsig inspect` prints for people, and with --json for programs.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import initialise from 'wabt'

import { COMMAND, command, folder, guest } from './support/command.mjs'
import { assemble, noAssembler } from './support/instrument.mjs'

const wabt = await initialise()

/** Inspects a module given as text: { status, stdout, stderr }. */
function inspect(text, ...args) {
  const module = wabt.parseWat('test.wat', text, { threads: true })
  const input = module.toBinary({ write_debug_names: true }).buffer
  return command(['inspect', ...args, '-'], { input })
}

const json = (text) => JSON.parse(inspect(text, '--json').stdout)

const tracked = `(module
  (memory (export "memory") 1 4)
  (global (export "__instance_signal") i32 (i32.const 1024))
  (global (export "__instance_signal_pending") i32 (i32.const 1032))
  (func $work (drop (i32.atomic.load (i32.const 1024)))))`

test('inspect exits with 0 for a module that can be tracked', () => {
  const { status, stdout, stderr } = inspect(tracked)
  assert.equal(status, 0)
  assert.equal(stderr, '')
  assert.match(stdout, /^-: tracked\n/)
  assert.match(stdout, /__instance_signal +at address 1024 \(i32\)/)
  assert.match(stdout, /__instance_terminated +not exported/)
  assert.match(stdout, /memory 0 +exported as "memory", 64 KiB to 256 KiB/)
  assert.match(stdout, /polls of the signal word +1 atomic, 0 plain/)
  assert.doesNotMatch(stdout, /hint/)
})

test('--json prints the same facts as JSON', () => {
  const report = json(tracked)
  assert.equal(report.tracked, true)
  assert.equal(report.verdict, 'tracked')
  assert.deepEqual(report.words.__instance_signal, {
    kind: 'global',
    type: 'i32',
    mutable: false,
    source: 'constant',
    address: 1024,
    import: null
  })
  assert.equal(report.words.__instance_terminated, null)
  assert.deepEqual(report.memory, {
    count: 1,
    shared: false,
    address_type: 'i32',
    minimum_pages: 1,
    maximum_pages: 4,
    export: 'memory',
    import: null
  })
  assert.deepEqual(report.polls, {
    atomic: 1,
    plain: 0,
    lifted: 0,
    plain_functions: []
  })
  assert.deepEqual(report.hints, [])
})

const own = `(module
  (memory (export "memory") 3)
  (memory 1 1)
  (export "__wasmsig_memory" (memory 1))
  (func (drop (i32.atomic.load 1 (i32.const 0)))))`

test('words in a memory of their own are found', { skip: noAssembler }, () => {
  const input = assemble(own)
  const { status, stdout } = command(['inspect', '-'], { input })
  assert.equal(status, 0)
  assert.match(stdout, /^-: tracked\n/)
  assert.match(stdout, /__instance_signal +at address 0 of memory 1\n/)
  assert.match(stdout, /__instance_terminated +at address 4 of memory 1\n/)
  assert.match(stdout, /memory 0 +exported as "memory", 192 KiB or more/)
  assert.match(stdout, /memory 1 +exported as "__wasmsig_memory"/)
  assert.match(stdout, /polls of the signal word +1 atomic, 0 plain/)
  const report = JSON.parse(
    command(['inspect', '--json', '-'], { input }).stdout
  )
  assert.equal(report.tracked, true)
  assert.deepEqual(report.own_memory, { index: 1 })
  assert.equal(report.words.__instance_signal, null)
  assert.equal(report.memory.minimum_pages, 3)
  assert.equal(json(tracked).own_memory, null)
})

/** Modules that cannot be tracked, and the hint for each. */
const untracked = {
  'no-words': ['(module (memory (export "memory") 1))', /WASMSIG_GUEST_WORDS/],
  'no-memory': [
    '(module (global (export "__instance_signal") i32 (i32.const 0)))',
    /memory/
  ],
  'hidden-memory': [
    `(module (memory 1)
      (global (export "__instance_signal") i32 (i32.const 0)))`,
    /--export-memory/
  ],
  'not-an-address': [
    `(module (memory (export "memory") 1)
      (global (export "__instance_signal") (mut i32) (i32.const 0)))`,
    /immutable/
  ],
  'out-of-range': [
    `(module (memory (export "memory") 1)
      (global (export "__instance_signal") i32 (i32.const 65536)))`,
    /must be inside the initial size/
  ],
  misaligned: [
    `(module (memory (export "memory") 1)
      (global (export "__instance_signal") i32 (i32.const 2)))`,
    /align/
  ],
  overlap: [
    `(module (memory (export "memory") 1)
      (global (export "__instance_signal") i32 (i32.const 8))
      (global (export "__instance_terminated") i32 (i32.const 8)))`,
    /bytes of its own/
  ]
}

for (const [verdict, [text, hint]] of Object.entries(untracked)) {
  test(`inspect exits with 3 for ${verdict}, with a hint`, () => {
    const { status, stdout } = inspect(text)
    assert.equal(status, 3)
    assert.match(stdout, new RegExp(`^-: not tracked \\(${verdict}\\): `))
    assert.match(stdout, /\n {2}hint: /)
    assert.match(stdout, hint)
    const report = json(text)
    assert.deepEqual([report.tracked, report.verdict], [false, verdict])
    assert.match(report.hints[0], hint)
  })
}

test('a function that is named like a word is not a word', () => {
  const { stdout } = inspect(`(module (memory (export "memory") 1)
    (func (export "__instance_signal")))`)
  assert.match(stdout, /__instance_signal +a function, not a global/)
  assert.match(stdout, /hint: a word is the address of a data symbol/)
})

test('imported words and memories are named', () => {
  const { stdout } = inspect(`(module
    (import "env" "at" (global $at i32))
    (import "env" "memory" (memory 2 4 shared))
    (export "__instance_signal" (global $at)))`)
  assert.match(stdout, /__instance_signal +imported from "env" "at" \(i32\)/)
  assert.match(
    stdout,
    /memory 0 +imported from "env" "memory", shared, 128 KiB/
  )
})

test('a plain poll is reported with its function and a hint', () => {
  const text = `(module
    (memory (export "memory") 1)
    (global (export "__instance_signal") i32 (i32.const 64))
    (func $first)
    (func $polls (drop (i32.load (i32.const 64)))))`
  const { status, stdout } = inspect(text)
  assert.equal(status, 0)
  assert.match(stdout, /0 atomic, 1 plain \(in function 1 "polls"\)/)
  assert.match(
    stdout,
    /hint: a compiler or an engine may move a plain load out of a loop/
  )
  assert.deepEqual(json(text).polls.plain_functions, [
    { index: 1, name: 'polls' }
  ])
})

test('a word that no code polls is reported', () => {
  const { stdout } = inspect(`(module
    (memory (export "memory") 1)
    (global (export "__instance_signal") i32 (i32.const 64)))`)
  assert.match(stdout, /none seen/)
  assert.match(stdout, /hint: no load of the signal word was found/)
})

test('control characters in a name are escaped', () => {
  const { stdout } = inspect(`(module
    (memory (export "a\\1b[2J\\00\\22b") 1)
    (global (export "__instance_signal") i32 (i32.const 64)))`)
  assert.match(stdout, /exported as "a\\1b\[2J\\00\\22b"/)
})

test('control characters of two bytes in UTF-8 are escaped', () => {
  const { stdout } = inspect(`(module
    (memory (export "\\c3\\a9\\c2\\9b2J") 1)
    (global (export "__instance_signal") i32 (i32.const 64)))`)
  assert.match(stdout, /exported as "é\\c2\\9b2J"/)
})

test('control characters in a path are escaped', (t) => {
  const path = join(folder(t), 'a\n\u{1b}[2J')
  writeFileSync(path, readFileSync(guest('plain')))
  const { stdout } = command(['inspect', path])
  assert.match(stdout, /^[^\n]*a\\0a\\1b\[2J: not tracked/)
})

test('a path that is not UTF-8 gives valid JSON', (t) => {
  const module = wabt.parseWat('test.wat', tracked, { threads: true })
  const file = join(folder(t), 'file')
  writeFileSync(file, module.toBinary({}).buffer)
  for (const [bytes, read] of [
    ['\\377', '\ufffd'],
    ['\\303\\251', '\u00e9'],
    ['\\303', '\ufffd'],
    ['\\360\\237\\230\\200', '\u{1f600}'],
    ['\\300\\257', '\ufffd\ufffd'],
    ['\\355\\240\\200', '\ufffd\ufffd\ufffd'],
    ['\\364\\220\\200\\200', '\ufffd\ufffd\ufffd\ufffd']
  ]) {
    const { stdout } = spawnSync('sh', [
      '-c',
      `p="$1$(printf 'x${bytes}x')"; cp "$1" "$p"; "$0" inspect --json "$p"`,
      ...[COMMAND, file]
    ])
    const text = new TextDecoder('utf-8', { fatal: true }).decode(stdout)
    assert.equal(JSON.parse(text).file, `${file}x${read}x`)
  }
})

test('a C guest with guest.h is tracked, and polls atomically', () => {
  const { status, stdout } = command(['inspect', '--json', guest('signals')])
  assert.equal(status, 0)
  const { polls } = JSON.parse(stdout)
  assert.ok(polls.atomic > 0)
  assert.equal(polls.plain, 0)
})

test('a truncated module is status 1, and its end is reported', (t) => {
  const path = join(folder(t), 'short.wasm')
  writeFileSync(path, readFileSync(guest('plain')).subarray(0, 500))
  const { status, stdout, stderr } = command(['inspect', path])
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(
    stderr,
    /^wasmsig: .*short\.wasm: it ends too early, at byte 500/
  )
  const report = JSON.parse(command(['inspect', '--json', path]).stdout)
  assert.deepEqual([report.verdict, report.offset], ['truncated', 500])
})

test('a component is recognised, with a hint', (t) => {
  const path = join(folder(t), 'component.wasm')
  writeFileSync(path, Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0))
  const { status, stderr } = command(['inspect', path])
  assert.equal(status, 1)
  assert.match(stderr, /it is a component, not a core module/)
  const report = JSON.parse(command(['inspect', '--json', path]).stdout)
  assert.match(report.hints[0], /use the core module/)
})

/** Files that cannot be read as modules, and the message for each. */
const unreadable = {
  'something newer': [
    // Several imports of a module "x", one after the other.
    wasm(2, 8, 1, 1, 0x78, 0, 0x7f, 1, 0, 0),
    /uses something newer than wasmsig, at byte 14: expected the kind of an im/
  ],
  'a broken rule': [wasm(5, 2, 0, 0), /breaks the rules .*, at byte 11: exp/],
  'half a file': [wasm(5), /ends too early, at byte 9: expected the rest of/],
  'half a head': [Uint8Array.of(0, 0x61), /ends too early, at byte 2/],
  'an unknown version': [
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0),
    /, at byte 4: expected/
  ],
  'a component': [
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0),
    /not a core module$/m
  ],
  'a text': [Buffer.from('hello\n'), /not a WebAssembly binary, but text$/m],
  'the text format': [
    Buffer.from('\n(module)'),
    /but the text format: compile/
  ],
  nothing: [Buffer.of(), /not a WebAssembly binary, but an empty file$/m],
  bytes: [Buffer.of(1, 2, 3, 4, 5), /but another file: it does not begin with/]
}

function wasm(...bytes) {
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes)
}

for (const [what, [bytes, says]] of Object.entries(unreadable)) {
  test(`all commands print the same message for ${what}`, (t) => {
    const path = join(folder(t), 'file')
    writeFileSync(path, bytes)
    const runs = [['run'], ['run', '--engine', 'wamr']]
    const [first, ...others] = [
      ['inspect'],
      ['inspect', '--json'],
      ['instrument', '-o', `${path}.out`],
      ...(what === 'a component' ? [] : runs) // Wasmtime runs components
    ].map((args) => command([...args, path]))
    assert.match(first.stderr, says)
    for (const { status, stderr } of [first, ...others]) {
      assert.equal(stderr, first.stderr)
      assert.equal(status, 1)
    }
    const { verdict, hints } = JSON.parse(others[0].stdout)
    assert.equal(verdict === 'newer', what === 'something newer')
    assert.equal(
      stderrHints(first.stderr),
      hints.map((hint) => `wasmsig: hint: ${hint}\n`).join('')
    )
  })
}

function stderrHints(stderr) {
  return stderr.slice(stderr.indexOf('\n') + 1)
}

test('files that cannot be read are status 1', (t) => {
  const missing = command(['inspect', '/nowhere/x.wasm'])
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /No such file or directory/)
  const nameless = command(['inspect', ''])
  assert.equal(nameless.stderr, "wasmsig: '': No such file or directory\n")
  const directory = command(['inspect', folder(t)])
  assert.equal(directory.status, 1)
  assert.match(directory.stderr, /Is a directory/)
})

test('output that cannot be written is an error', () => {
  const { status, stderr } = spawnSync(
    ...['sh', ['-c', `"$0" inspect "$1" >/dev/full`, COMMAND, guest('plain')]],
    { encoding: 'utf8' }
  )
  assert.equal(status, 1)
  assert.match(stderr, /standard output: No space left/)
})

const FRAME = `(global (mut i32) (i32.const 66560)) (data (i32.const 1024) "1")
  (func (local i32) (local.set 0 (global.get 0))
    (global.set 0 (i32.sub (local.get 0) (i32.const 16)))
    (global.set 0 (local.get 0)))`

test('inspect predicts what instrument will do', () => {
  const loop = '(func (loop (br 0)))'
  const line = (text) =>
    /^ {2}wasmsig instrument +(.*)$/m.exec(inspect(text).stdout)?.[1]
  const c = `(module (memory 2) ${FRAME} ${loop})`
  assert.match(
    line(c),
    /^1 poll for SIGKILL only, words at 992: wasm-ld leaves addresses/
  )
  assert.deepEqual(json(c).instrument, {
    accepted: true,
    polls: 1,
    delivers: false,
    words: 'null-area',
    reason: /words at 992: .*/.exec(line(c))[0]
  })
  const refused = `(module (memory 2) ${loop}
    (func (export "__instance_signal_deliver")))`
  assert.match(line(refused), /^refused: it exports __instance_signal_deliver/)
  assert.equal(json(refused).instrument.accepted, false)
  assert.equal(json(refused).instrument.words, null)
  const unpolled = `(module (memory (export "memory") 1) ${loop}
    (global (export "__instance_signal") i32 (i32.const 1024)))`
  assert.match(line(unpolled), /^1 poll for .*, words of its own/)
  assert.equal(line(tracked), undefined)
  assert.equal(json(tracked).instrument, null)
})

test('inspect predicts that a module stays as it is', () => {
  const { stdout } = inspect('(module (memory 1) (func))')
  assert.match(stdout, /^ {2}wasmsig instrument +unchanged: it has no loop/m)
})

test('a poll that a compiler moved out of its loop gets a hint', () => {
  const text = (before, inside) => `(module (memory (export "memory") 1)
    (global (export "__instance_signal") i32 (i32.const 1024))
    (func ${before} (loop ${inside} (br_if 0 (i32.const 0)))))`
  const poll = '(drop (i32.load (i32.const 1024)))'
  const hint = /hint: a function polls before its loops and never in them/
  assert.match(inspect(text(poll, '')).stdout, hint)
  assert.equal(json(text(poll, '')).polls.lifted, 1)
  assert.doesNotMatch(inspect(text('', poll)).stdout, hint)
  assert.equal(json(text('', poll)).polls.lifted, 0)
})
