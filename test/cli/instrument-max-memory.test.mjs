// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument --max-memory`: the limit holds in the engine that runs the
// module, here Node and Wasmtime.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { command, folder } from './support/command.mjs'
import {
  assemble,
  instrument,
  noAssembler,
  sections,
  tryInstrument
} from './support/instrument.mjs'

const skip = noAssembler
const IMPORTS = 2
const MEMORIES = 5
const WORDS = ['--words', 'memory']
const LIMIT = ['--max-memory', '256KiB', ...WORDS] // 4 pages

/** A function that is polled in, and one that grows the memory by pages. */
const PLAIN = `
  (func (export "loop") (loop (br_if 0 (i32.const 0))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))`

/** With a word of its own: so Node 20, which has one memory, runs it. */
const CODE = `${PLAIN}
  (global (export "__instance_signal") i32 (i32.const 0))`

const payload = (bytes, number) =>
  sections(bytes).find(([known]) => known === number)?.[2]

const limited = (text, ...args) =>
  instrument(assemble(`(module ${text})`), ...LIMIT, ...args)

const exportsOf = (bytes, imports = {}) =>
  new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports

test('a memory grows to the limit and not beyond it', { skip }, () => {
  const { grow } = exportsOf(limited(`(memory 1) ${CODE}`))
  assert.equal(grow(4), -1)
  assert.equal(grow(3), 1)
  assert.equal(grow(1), -1)
})

test('the size is rounded down to pages', { skip }, () => {
  const bytes = assemble(`(module (memory 1) ${CODE})`)
  const { grow } = exportsOf(
    instrument(bytes, '--max-memory', '262143B', ...WORDS)
  )
  assert.equal(grow(2), 1)
  assert.equal(grow(1), -1)
})

test('a smaller maximum stays, a larger one does not', { skip }, () => {
  const small = exportsOf(limited(`(memory 1 2) ${CODE}`))
  assert.equal(small.grow(1), 1)
  assert.equal(small.grow(1), -1)
  const large = exportsOf(limited(`(memory 1 100) ${CODE}`))
  assert.equal(large.grow(3), 1)
  assert.equal(large.grow(1), -1)
})

test('an import accepts only a memory within the limit', { skip }, () => {
  const bytes = limited(
    `(import "a" "f" (func)) (import "a" "t" (table 1 funcref))
     (import "a" "m" (memory 1)) (import "a" "g" (global i32)) ${CODE}`
  )
  const withMaximum = (maximum) => ({
    a: {
      f: () => {},
      t: new WebAssembly.Table({ element: 'anyfunc', initial: 1 }),
      m: new WebAssembly.Memory({ initial: 1, maximum }),
      g: 1
    }
  })
  assert.equal(exportsOf(bytes, withMaximum(4)).grow(4), -1)
  assert.throws(() => exportsOf(bytes, withMaximum(5)), WebAssembly.LinkError)
})

test('shared memories are limited, too', { skip }, () => {
  const bytes = limited(`(memory (export "m") 1 100 shared) ${CODE}`)
  const { grow } = exportsOf(bytes)
  assert.equal(grow(3), 1)
  assert.equal(grow(1), -1)
})

test('64-bit memories are limited, too', { skip }, () => {
  const code = PLAIN.replace(
    '(local.get 0)',
    '(i64.extend_i32_u (local.get 0))'
  )
  const wrapped = code.replace('(memory.grow', '(i32.wrap_i64 (memory.grow')
  const bytes = limited(`(memory i64 1) ${wrapped})`)
  assert.deepEqual([...payload(bytes, MEMORIES)].slice(1, 4), [5, 1, 4])
})

test('each memory is limited by itself, and the words not', { skip }, () => {
  const bytes = limited(
    `(import "a" "m" (memory 1)) (memory 2 3) (memory 3) ${PLAIN}`
  )
  assert.deepEqual([...payload(bytes, IMPORTS)].slice(-3), [1, 1, 4])
  assert.deepEqual(
    [...payload(bytes, MEMORIES)],
    [3, 1, 2, 3, 1, 3, 4, 1, 1, 1]
  )
})

test('a page for the words does not count', { skip }, () => {
  const text = '(memory 1) (func (loop (br_if 0 (i32.const 0))))'
  const bytes = assemble(`(module ${text})`)
  const page = ['--words', 'page', '--add-page']
  const memories = (...args) => [...payload(instrument(bytes, ...args), 5)]
  assert.deepEqual(memories('--max-memory', '256KiB', ...page), [1, 1, 2, 5])
  assert.deepEqual(memories('--max-memory', '64KiB', ...page), [1, 1, 2, 2])
  assert.deepEqual(memories(...page), [1, 0, 2])
})

test('a module without code to poll in is limited', { skip }, () => {
  const grows = `(memory 1) (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0)))`
  const before = assemble(`(module ${grows})`)
  const made = tryInstrument(before, ...LIMIT)
  assert.equal(made.status, 0)
  assert.match(made.stderr, /it has a memory limit and no polls: /)
  const { grow, ...others } = exportsOf(made.bytes)
  assert.deepEqual(others, {})
  assert.equal(grow(3), 1)
  assert.equal(grow(1), -1)
})

test('a module that is larger from the start is refused', { skip }, () => {
  const made = tryInstrument(assemble(`(module (memory 5) ${CODE})`), ...LIMIT)
  assert.equal(made.status, 1)
  assert.equal(made.bytes.length, 0)
  assert.match(
    made.stderr,
    /memory 0 starts with 5 pages, above the limit of 4\n/
  )
})

test('a limit above what is possible changes nothing', { skip }, () => {
  const bytes = assemble(`(module (memory 1) ${CODE})`)
  assert.deepEqual(
    instrument(bytes, '--max-memory', '4GiB', ...WORDS),
    instrument(bytes, ...WORDS)
  )
})

test('the limit holds in Wasmtime', { skip }, (t) => {
  const file = join(folder(t), 'limited.wasm')
  writeFileSync(file, limited(`(memory 1) ${CODE}`))
  const grow = (pages) =>
    command([
      'run',
      '--no-cache',
      '--invoke',
      'grow',
      file,
      String(pages)
    ]).stdout.trim()
  assert.equal(grow(3), '1')
  assert.equal(grow(4), '-1')
})

test(
  'the modules of a folder are limited, and the report says so',
  { skip },
  (t) => {
    const at = folder(t)
    const [from, to] = [join(at, 'from'), join(at, 'to')]
    mkdirSync(from)
    writeFileSync(join(from, 'a.wasm'), assemble(`(module (memory 1) ${CODE})`))
    writeFileSync(join(from, 'b.wasm'), assemble('(module (memory 1))'))
    writeFileSync(join(from, 'c.wasm'), assemble('(module (memory 9))'))
    const json = command(['instrument', ...LIMIT, '--json', from, '-o', to])
    assert.equal(json.status, 3)
    const files = JSON.parse(json.stdout).files
    const [a, b, c] = ['a', 'b', 'c'].map((name) =>
      files.find(({ file }) => file === `${name}.wasm`)
    )
    assert.equal(a.outcome, 'instrumented')
    assert.equal(a.memories_limited, 1)
    assert.equal(b.outcome, 'limited')
    assert.equal(c.outcome, 'refused')
    assert.match(c.reason, /above the limit of 4/)
    const bytes = readFileSync(join(to, 'b.wasm'))
    assert.deepEqual([...payload(bytes, MEMORIES)], [1, 1, 1, 4])
  }
)

test('a size without a unit is a usage error', () => {
  const { status, stderr } = command([
    ...['instrument', '--max-memory', '64', 'in.wasm', '-o', 'out.wasm']
  ])
  assert.equal(status, 2)
  assert.match(stderr, /--max-memory: '64' has no unit/)
})
