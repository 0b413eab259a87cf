// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: modules that would exceed the limits of engines.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { assemble, noAssembler, tryInstrument } from './support/instrument.mjs'

test(
  'a function that would exceed the limit of engines is refused',
  { skip: noAssembler },
  () => {
    const loops = (count) =>
      assemble(
        `(module (memory 1) (func)
          (func $large ${'(loop (br_if 0 (i32.const 0)))'.repeat(count)}))`
      )
    const fits = tryInstrument(loops(100000), '--add-page')
    assert.equal(fits.status, 0, fits.stderr)
    assert.ok(WebAssembly.validate(fits.bytes))
    const large = loops(400000)
    assert.ok(WebAssembly.validate(large))
    const made = tryInstrument(large, '--add-page')
    assert.equal(made.status, 1)
    assert.equal(made.bytes.length, 0)
    assert.match(
      made.stderr,
      /function 1 would become larger than engines accept \(7654321 bytes\)/
    )
  }
)

test(
  'more globals than engines support are refused',
  { skip: noAssembler },
  () => {
    const globals = (count) =>
      assemble(`(module (memory 1) (func (loop (br 0)))
      ${'(global i32 (i32.const 0))'.repeat(count)})`)
    const fits = tryInstrument(globals(999000), '--add-page')
    assert.equal(fits.status, 0, fits.stderr)
    assert.ok(WebAssembly.validate(fits.bytes))
    const made = tryInstrument(globals(999999), '--add-page')
    assert.equal(made.status, 1)
    assert.match(made.stderr, /more globals than engines accept \(1000000\)/)
  }
)

test('as many globals as engines support are no fault without polls', () => {
  const bytes = assemble(`(module (memory 1) (func)
    ${'(global i32 (i32.const 0))'.repeat(999999)})`)
  const made = tryInstrument(bytes, '--add-page')
  assert.equal(made.status, 0, made.stderr)
  assert.deepEqual(made.bytes, bytes)
})

const u32 = (number) => {
  const bytes = []
  for (; number >= 0x80; number = Math.floor(number / 128))
    bytes.push((number % 128) | 0x80)
  return Buffer.from([...bytes, number])
}

const section = (number, parts) => {
  const payload = Buffer.concat(parts.map((part) => Buffer.from(part)))
  return Buffer.concat([Buffer.of(number), u32(payload.length), payload])
}

/** A module of one function, which is exported by these names. */
const moduleOf = (names, body) =>
  Buffer.concat([
    Buffer.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    section(1, [[1, 0x60, 0, 0]]),
    section(3, [[1, 0]]),
    section(7, [u32(names.length), ...names]),
    section(10, [[1], u32(body.length), body])
  ])

/** A loop, which has so many names. */
const exporting = (count) =>
  moduleOf(
    Array.from({ length: count }, (_, i) => {
      const name = i.toString(36)
      return Buffer.from([name.length, ...Buffer.from(name), 0, 0])
    }),
    Buffer.of(0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b)
  )

for (const most of [100000, 1000000])
  test(`more than ${most} exports are refused`, () => {
    const ADDED = 5 // four words and their memory
    const fits = tryInstrument(exporting(most - ADDED))
    assert.equal(fits.status, 0, fits.stderr)
    if (most === 100000) assert.ok(WebAssembly.validate(fits.bytes))
    const made = tryInstrument(exporting(most - ADDED + 1))
    assert.equal(made.status, 1)
    assert.equal(made.bytes.length, 0)
    assert.match(made.stderr, new RegExp(`more exports than .* \\(${most}\\)`))
    assert.equal(tryInstrument(exporting(most + 1)).status, 0)
  })

/** The same bytes so many times. */
const repeated = (count, ...bytes) =>
  Buffer.alloc(count * bytes.length, Buffer.from(bytes))

/** Blocks in each other. If each was compared with all around it, they would
 * take longer than a test waits. */
const OUTER = 600000
const nested = {
  // Each inner loop is short: the polls must not make the function too long.
  'loops that never repeat': [
    [3, 0x40],
    [120000, 3, 0x40, 0x41, 0, 0x0d, 0, 0x0b]
  ],
  'blocks with handlers': [[0x1f, 0x40, 1, 2, 0], [0]]
}
for (const [what, [begin, [count, ...inside]]] of Object.entries(nested))
  test(`a function may have ${OUTER} ${what} in each other`, () => {
    const body = Buffer.concat([
      Buffer.of(0),
      repeated(OUTER, ...begin),
      repeated(count, ...inside),
      repeated(OUTER, 0x0b),
      Buffer.of(0x0b)
    ])
    const { status, stderr } = tryInstrument(moduleOf([], body))
    assert.equal(status, 0, stderr)
  })
