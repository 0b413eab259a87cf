// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: words in a memory of their own.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { command, folder, run } from './support/command.mjs'
import {
  assemble,
  host,
  instrument,
  noAssembler,
  report,
  sections,
  tryInstrument,
  withCustom
} from './support/instrument.mjs'

const guest = (name) =>
  fileURLToPath(new URL(`./guests/${name}.mjs`, import.meta.url))

const OPTIONS = {
  encoding: 'utf8',
  timeout: PATIENCE_MS,
  env: { ...process.env, NODE_OPTIONS: '' }
}

const WORDS = ['--words', 'memory']
const NAME = '__wasmsig_memory'
const EXPORTS = 7
const MEMORIES = 5

/** Uses its memory in each way that a program can. */
const USES = `
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "grown") (result i32) (memory.size))
  (func (export "sum") (result i32) (local i32 i32)
    (memory.fill (i32.const 100) (i32.const 7) (i32.const 50))
    (memory.copy (i32.const 0) (i32.const 90) (i32.const 80))
    (loop
      (local.set 1 (i32.add (local.get 1) (i32.load8_u (local.get 0))))
      (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
        (i32.const 65536))))
    (local.get 1))
  (func (export "outside") (result i32) (i32.load (i32.const 0x7ffffffc)))`
const WIDE_USES = USES.replaceAll(
  '(memory.size)',
  '(i32.wrap_i64 (memory.size))'
)
  .replace(
    '(memory.grow (i32.const 1))',
    '(i32.wrap_i64 (memory.grow (i64.const 1)))'
  )
  .replace(
    '(memory.fill (i32.const 100) (i32.const 7) (i32.const 50))',
    '(memory.fill (i64.const 100) (i32.const 7) (i64.const 50))'
  )
  .replace(
    '(memory.copy (i32.const 0) (i32.const 90) (i32.const 80))',
    '(memory.copy (i64.const 0) (i64.const 90) (i64.const 80))'
  )
  .replace(
    '(i32.load8_u (local.get 0))',
    '(i32.load8_u (i64.extend_i32_u (local.get 0)))'
  )
  .replace('(i32.const 0x7ffffffc)', '(i64.const 0x7ffffffc)')

/** The name of an imported memory describes it: guests/both.mjs. */
const imported = (descriptor, type) =>
  `(import "env" "${JSON.stringify(descriptor).replaceAll('"', '\\22')}"
    (memory ${type}))`

/** Modules by their memories. */
const MODULES = {
  'its own memory': `(memory (export "memory") 1 3) ${USES}`,
  'a hidden memory': `(memory 1) ${USES}`,
  'an imported memory': imported({ initial: 1 }, '1') + USES,
  'a shared memory':
    imported({ initial: 1, maximum: 3, shared: true }, '1 3 shared') + USES,
  'a memory with 64-bit addresses': `(memory (export "m") i64 1 3) ${WIDE_USES}`,
  'several memories': `${imported({ initial: 2 }, '2')}
    (memory $b 1 3) (memory $c (export "c") 1)
    (data (memory $c) (i32.const 8) "data of c")
    ${USES}
    (func (export "c0") (result i32) (i32.load $c (i32.const 8)))
    (func (export "sizes") (result i32)
      (i32.add (memory.size $b) (memory.size $c)))`
}

const HOSTS = ['node-22', 'node-26', 'bun', 'deno']
const hostsOf = (name) =>
  name.includes('64-bit') ? ['node-26', 'deno'] : HOSTS // Bun has none

const skip = noAssembler
const indexOf = (bytes) => report(bytes).own_memory?.index
const payload = (bytes, number) =>
  sections(bytes).find(([known]) => known === number)?.[2]

for (const [name, text] of Object.entries(MODULES)) {
  test(`a module with ${name} computes the same`, { skip }, (t) => {
    const before = assemble(`(module ${text})`)
    const after = instrument(before, ...WORDS)
    assert.equal(indexOf(after), report(before).memory.count)
    assert.equal(report(after).polls.atomic, 1)
    const files = [before, after].map((bytes, i) => {
      const file = join(folder(t), `${i}.wasm`)
      writeFileSync(file, bytes)
      return file
    })
    for (const hostName of hostsOf(name)) {
      const { program, command: args } = host(hostName)
      const said = execFileSync(
        program,
        [...args, guest('both'), ...files],
        OPTIONS
      )
      const [old, made] = JSON.parse(said)
      assert.ok(old.results.length >= 5)
      assert.deepEqual(made.results, old.results, hostName)
      assert.deepEqual(made.names, [...old.names, NAME], hostName)
      assert.deepEqual(made.own, [...old.own, NAME], hostName)
      assert.deepEqual(made.memories, [...old.memories, 65536], hostName)
    }
  })
}

test('a memory and an export come last, and nothing else', { skip }, () => {
  const before = assemble(`(module ${MODULES['several memories']})`)
  const after = instrument(before, ...WORDS)
  const [old, made] = [before, after].map((bytes) => payload(bytes, MEMORIES))
  assert.deepEqual([...made], [old[0] + 1, ...old.subarray(1), 1, 1, 1])
  const [oldExports, madeExports] = [before, after].map((bytes) =>
    payload(bytes, EXPORTS)
  )
  assert.deepEqual(
    [...madeExports],
    [
      oldExports[0] + 1,
      ...oldExports.subarray(1),
      ...[NAME.length, ...Buffer.from(NAME), 2, 3]
    ]
  )
  const others = (bytes) =>
    sections(bytes).filter(
      ([number]) => ![0, MEMORIES, EXPORTS, 10].includes(number)
    )
  assert.deepEqual(others(after), others(before))
})

test('it is the last place that is tried', { skip }, () => {
  const bytes = assemble('(module (memory 1) (func (loop (br 0))))')
  assert.equal(indexOf(instrument(bytes, '--add-page')), undefined)
  const used = assemble(`(module ${MODULES['its own memory']})`)
  const { status, stderr, bytes: made } = tryInstrument(used)
  assert.equal(status, 0)
  assert.equal(indexOf(made), 1)
  assert.match(stderr, /^.*second memory.*Node 20, WAMR.*workerd.*\n$/)
})

test('the features of the module contain what its polls use', { skip }, () => {
  const bytes = withCustom(
    assemble(`(module ${MODULES['its own memory']})`),
    'target_features',
    '\x02+\x04simd-\x0bmultimemory'
  )
  const contents = sections(instrument(bytes, ...WORDS)).find(
    ([, name]) => name === 'target_features'
  )[2]
  assert.equal(contents.toString(), '\x03+\x04simd+\x0bmultimemory+\x07atomics')
})

/** Modules that cannot have such a memory: the text, the reason. */
const REFUSED = {
  'it exports a word': [
    `${MODULES['its own memory']}
     (global (export "__instance_terminated") i32 (i32.const 16))`,
    /memory: no: it exports __instance_terminated/
  ],
  'the name is taken': [
    `${MODULES['its own memory']} (export "${NAME}" (memory 0))`,
    /memory: no: it has another export of the name __wasmsig_memory/
  ],
  'it has 100 memories': [
    `${MODULES['its own memory']} ${'(memory 1)'.repeat(99)}`,
    /memory: no: it has as many memories as engines accept \(100\)/
  ]
}

for (const [name, [text, reason]] of Object.entries(REFUSED)) {
  test(`no memory is added if ${name}`, { skip }, () => {
    const bytes = assemble(`(module ${text})`)
    const { status, stderr, bytes: made } = tryInstrument(bytes, ...WORDS)
    assert.equal(status, 1)
    assert.equal(made.length, 0)
    assert.match(stderr, reason)
  })
}

test('words that have such a memory get no polls again', { skip }, () => {
  const made = instrument(
    assemble(`(module ${MODULES['its own memory']})`),
    ...WORDS
  )
  const unmarked = made.subarray(0, made.indexOf('wasmsig.instrument') - 3)
  assert.equal(report(unmarked).tracked, true)
  const { status, stderr } = tryInstrument(unmarked, ...WORDS)
  assert.equal(status, 1)
  assert.match(stderr, /already instrumented/)
})

// ------------------------------------------------------------------- stopped

const ENDLESS = `(module (memory (export "memory") 1)
  (func (export "_start") (local i32)
    (loop (i32.store (memory.size) (local.get 0)) (br 0))))`

/** A file with an endless program, whose words have a memory of their own. */
function endless(t) {
  const file = join(folder(t), 'endless.wasm')
  const bytes = instrument(assemble(ENDLESS), ...WORDS)
  assert.equal(indexOf(bytes), 1)
  writeFileSync(file, bytes)
  return file
}

for (const name of HOSTS) {
  test(`a hard limit stops it in ${name}`, { skip }, (t) => {
    const { program, command: args } = host(name)
    const said = execFileSync(
      program,
      [...args, guest('killed'), endless(t), '_start'],
      OPTIONS
    )
    const code = 'ERR_WASMSIG_CPU_LIMIT'
    assert.deepEqual(JSON.parse(said).errors, [code, code, code])
  })
}

test('9 in its word traps in Wasmtime', { skip }, (t) => {
  const limits = ['--cpu-soft', '20ms', '--signal', 'KILL']
  const { status, stderr } = run('wasmtime', [...limits, endless(t)])
  assert.equal(status, 134)
  assert.match(stderr, /unreachable/)
})

test('WAMR refuses it, and says which engine does not', { skip }, (t) => {
  const { status, stderr } = run('wamr', [endless(t)])
  assert.equal(status, 1)
  assert.match(stderr, /several memories.*--engine wasmtime/)
})

test('inspect finds its words', { skip }, (t) => {
  const { status, stdout } = command(['inspect', endless(t)])
  assert.equal(status, 0)
  assert.match(stdout, /__instance_signal +at address 0 of memory 1\n/)
  assert.match(stdout, /polls of the signal word +1 atomic, 0 plain\n/)
})
