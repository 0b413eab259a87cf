// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: words at addresses that a toolchain leaves unused.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import initialise from 'wabt'

import {
  addresses,
  assemble,
  LOOP,
  noAssembler,
  report,
  sections,
  textToModule,
  tryInstrument as tryWith,
  withCustom
} from './support/instrument.mjs'

const wabt = await initialise()

const wat = (text) => textToModule(wabt, text, { write_debug_names: false })
const tryInstrument = (bytes) => tryWith(bytes, '--words', 'null-area')

/** The address of the signal word; else why there is none. */
function placeOf(bytes) {
  const { status, stderr, bytes: made } = tryInstrument(bytes)
  if (status === 0) {
    assert.equal(stderr, '')
    assert.ok(WebAssembly.validate(made))
    const [signal, ...others] = addresses(made)
    assert.deepEqual(others, [signal + 4, signal + 8, signal + 16])
    return signal
  }
  assert.equal(status, 1)
  const [first, why, ...rest] = stderr.trimEnd().split('\n')
  assert.equal(first, 'wasmsig: -: no place for its signal words')
  for (const line of rest)
    assert.match(line, /^wasmsig: -: (page|memory|hint): /)
  return /^wasmsig: -: null-area: no: (.*)$/.exec(why)[1]
}

// --------------------------------------------------------------- recognition

const FRAME = `(func (param i32) (local $frame i32)
  (global.set 0 (local.tee $frame (i32.sub (global.get 0) (i32.const 32))))
  (i32.store offset=12 (local.get $frame) (local.get 0))
  (global.set 0 (i32.add (local.get $frame) (i32.const 32))))`
const DATA = '(data (i32.const 1024) "12345678")'

const module = (functions, { start = 66560, data = DATA, memory = 2 } = {}) =>
  wat(`(module (memory (export "memory") ${memory}) ${LOOP}
    (global (mut i32) (i32.const ${start})) ${data} ${functions})`)

/** Functions of C code, which were real modules' reasons to be refused. */
const compiled = {
  'a frame': FRAME,
  'a frame by the addition of a negative number': `(func (local i32)
    (global.set 0 (local.tee 0 (i32.add (global.get 0) (i32.const -64))))
    (global.set 0 (i32.sub (local.get 0) (i32.const -64))))`,
  'a frame that keeps the old value': `(func (local i32)
    (local.set 0 (global.get 0))
    (global.set 0 (i32.sub (local.get 0) (i32.const 16)))
    (global.set 0 (local.get 0)))`,
  'a frame without optimisation': `(func (local i32 i32 i32)
    (local.set 0 (global.get 0)) (local.set 1 (i32.const 16))
    (local.set 2 (i32.sub (local.get 0) (local.get 1)))
    (global.set 0 (local.get 2))
    (local.set 0 (i32.const 16))
    (global.set 0 (i32.add (local.get 2) (local.get 0))))`,
  'a frame across blocks and calls': `(func (param i32) (local i32)
    (global.set 0 (local.tee 1 (i32.sub (global.get 0) (i32.const 48))))
    (block (br_if 0 (local.get 0)) (loop (call 0) (br_if 0 (local.get 0))))
    (global.set 0 (i32.add (local.get 1) (i32.const 48))))`,
  'a function that sets the pointer': `${FRAME}
    (func (export "stackRestore") (param i32) (global.set 0 (local.get 0)))`,
  'a function that allocates on the stack': `${FRAME}
    (func (export "stackAlloc") (param i32) (result i32)
      (global.set 0 (local.tee 0 (i32.and (i32.sub (global.get 0)
        (local.get 0)) (i32.const -16)))) (local.get 0))`,
  'a function that moves the pointer': `${FRAME}
    (func (export "__wbindgen_add_to_stack_pointer") (param i32) (result i32)
      (global.set 0 (i32.add (local.get 0) (global.get 0))) (global.get 0))`,
  'a local that is reused before a trap': `${FRAME}
    (func (param i32) (local i32)
      (global.set 0 (local.tee 1 (i32.sub (global.get 0) (i32.const 16))))
      (if (local.get 0) (then (drop (local.tee 1 (i32.add (local.get 1)
        (i32.const 4)))) unreachable))
      (global.set 0 (i32.add (local.get 1) (i32.const 16))))`,
  'an old value on the operand stack': `${FRAME}
    (func (param i32) (local i32)
      global.get 0
      (global.set 0 (local.tee 1 (i32.sub (global.get 0) (i32.const 16))))
      (block (br_if 0 (local.get 0))
        (i32.store (local.get 1) (i32.const 1)))
      global.set 0)`,
  'arrays of any size': `${FRAME}
    (func (param i32) (local i32) (local.set 1 (global.get 0))
      (global.set 0 (i32.sub (global.get 0) (select (local.get 0)
        (i32.const 4) (i32.gt_u (local.get 0) (i32.const 4)))))
      (global.set 0 (local.get 1)))`,
  'a pointer that longjmp restores': `${FRAME}
    (func (param i32) (global.set 0 (i32.load offset=8 (local.get 0))))`
}
for (const [what, functions] of Object.entries(compiled))
  test(`C is recognised: ${what}`, () => {
    assert.equal(placeOf(module(functions)), 992)
  })

const others = {
  'no code': '',
  'a read': '(func (drop (global.get 0)))',
  'a frame that stays':
    '(func (global.set 0 (i32.sub (global.get 0) (i32.const 16))))',
  'a frame that a second read releases (AssemblyScript)': `(func
    (global.set 0 (i32.sub (global.get 0) (i32.const 16)))
    (global.set 0 (i32.add (global.get 0) (i32.const 16))))`,
  'a frame of 8 bytes': FRAME.replaceAll(' 32', ' 8'),
  'a frame above': FRAME.replaceAll(' 32', ' -32'),
  'more is released than was reserved': FRAME.replace(
    '(local.get $frame) (i32.const 32)',
    '(local.get $frame) (i32.const 48)'
  ),
  'an allocator': `(func (result i32) (local i32)
    (global.set 0 (i32.add (local.tee 0 (global.get 0)) (i32.const 16)))
    (local.get 0))`
}
for (const [what, functions] of Object.entries(others))
  test(`C is not recognised: ${what}`, () => {
    assert.match(placeOf(module(functions)), /^its toolchain is unknown: /)
  })

test('a C stack starts at a constant inside of the memory', () => {
  const unknown = /^its toolchain is unknown: /
  for (const start of [0, 4100, 131088, -16])
    assert.match(placeOf(module(FRAME, { start })), unknown, start)
  assert.equal(placeOf(module(FRAME, { start: 131072 })), 992)
  const global = (text) =>
    wat(`(module (import "env" "base" (global i32)) (memory 2) ${LOOP} ${text}
      ${DATA} ${FRAME.replaceAll(/global\.(.)et 0/g, 'global.$1et $sp')})`)
  const before = '(global i32 (i32.const 8)) (global (mut f64) (f64.const 8))'
  const at = '(global $sp (mut i32) (i32.const 66560))'
  assert.equal(placeOf(global(at)), 992)
  assert.match(placeOf(global(before + at)), unknown, 'not the first')
  assert.match(
    placeOf(global('(global $sp (mut i32) (global.get 0))')),
    unknown
  )
})

test('a C stack with 64-bit addresses is recognised', () => {
  const functions = FRAME.replaceAll('(i32.const', '(i64.const')
    .replace('$frame i32', '$frame i64')
    .replaceAll('i32.sub', 'i64.sub')
    .replaceAll('i32.add', 'i64.add')
  const { status, bytes } = tryInstrument(
    wat(`(module (memory i64 2) ${LOOP} (global (mut i64) (i64.const 66560))
      (data (i64.const 1024) "12345678") ${functions})`)
  )
  assert.equal(status, 0)
  assert.equal(addresses(bytes)[0], 992)
  assert.equal(report(bytes).words.__instance_signal.type, 'i64')
})

// -------------------------------------------------------------------- layout

test('the words are as high as possible below data that come first', () => {
  for (const at of [1024, 1025, 4096])
    assert.equal(
      placeOf(module(FRAME, { data: `(data (i32.const ${at}) "1234")` })),
      992
    )
})

test('the words are as low as possible if the stack is first', () => {
  const place = (start, ...data) =>
    placeOf(
      module(FRAME, {
        start,
        data: data.map((at) => `(data (i32.const ${at}) "12345678")`).join('')
      })
    )
  assert.equal(place(65536, 65536), 16)
  assert.equal(place(65536, 65536 + 4095), 16)
  assert.equal(place(1024, 1024), 16)
  assert.equal(place(2048, 2048), 16)
  assert.equal(place(65536, 32768, 65536), 16, 'a snapshot')
  assert.match(place(65536, 32760, 65536), /^neither its data nor/)
  assert.match(place(66560, 6560), /^neither its data nor/, 'a console')
  assert.match(place(1008, 1024), /^its C stack may have only 1008 bytes/)
})

test('the stack is first only if data follow it', () => {
  const place = (start, data, memory = 9) =>
    placeOf(module(FRAME, { start, data, memory }))
  const at = (address) => `(data (i32.const ${address}) "12345678")`
  const unknown = /^neither its data nor its C stack is known to be first/
  assert.match(place(65536, ''), unknown, 'variables may be at 0')
  assert.equal(place(66560, ''), 992, 'no variables')
  assert.equal(place(66560, '', '2 9 shared'), 992, 'no variables')
  assert.match(place(66576, ''), unknown, '16 bytes of variables')
  assert.match(place(1024, ''), unknown, 'no stack')
  assert.match(place(65536, at(65536 + 4096)), unknown)
  assert.match(place(327696, at(262144)), unknown, 'data at a high base')
  const passive = '(data "passive")'
  assert.match(place(65536, passive), unknown)
  assert.equal(place(65536, passive, '2 9 shared'), 16, 'threads')
  assert.match(place(65536, passive + at(65536 + 8192), '2 9 shared'), unknown)
})

test('data below the limit leave no place for the words', () => {
  for (const at of [0, 992, 1023])
    assert.match(
      placeOf(module(FRAME, { data: `(data (i32.const ${at}) "12") ${DATA}` })),
      /^data may be below address 1024/
    )
  assert.equal(
    placeOf(module(FRAME, { data: `(data (i32.const 0) "") ${DATA}` })),
    992,
    'no bytes'
  )
  const computed = wat(`(module (import "env" "base" (global i32))
    (memory 2) ${LOOP} (global (mut i32) (i32.const 66560))
    (data (global.get 0) "12") ${DATA}
    ${FRAME.replaceAll(/global\.(.)et 0/g, 'global.$1et 1')})`)
  assert.match(placeOf(computed), /^data may be below address 1024/)
})

test('nothing else of the module changes', async () => {
  const GLOBALS = 6
  const EXPORTS = 7
  const CODE = 10
  const bytes = module(`${FRAME}
    (func (export "store") (i32.store (i32.const 131072) (i32.const 9)))
    (func (export "sp") (result i32) (global.get 0))`)
  const { bytes: made } = tryInstrument(bytes)
  const [before, after] = [bytes, made].map((wasm) => sections(wasm))
  const others = (all) =>
    all.filter(([number]) => ![0, GLOBALS, EXPORTS, CODE].includes(number))
  assert.deepEqual(others(after), others(before))
  for (const number of [GLOBALS, EXPORTS]) {
    const [old, now] = [before, after].map(
      (all) => all.find(([found]) => found === number)[2]
    )
    assert.deepEqual(now.subarray(1, old.length), old.subarray(1))
  }
  const { instance } = await WebAssembly.instantiate(made)
  const { memory, store, sp } = instance.exports
  assert.equal(sp(), 66560)
  assert.equal(memory.buffer.byteLength, 131072)
  assert.throws(store, /out of bounds/)
  const nonzero = new Uint8Array(memory.buffer).filter((byte) => byte !== 0)
  assert.equal(Buffer.from(nonzero).toString(), '12345678')
})

test('an imported memory has a null area too', () => {
  const imported = wat(`(module (import "env" "memory" (memory 2)) ${LOOP}
    (global (mut i32) (i32.const 66560)) ${DATA} ${FRAME})`)
  assert.equal(placeOf(imported), 992)
})

test('the null area of several memories is not used', () => {
  const two = wabt.parseWat(
    'two.wat',
    `(module (memory 2) (memory 1) ${LOOP}
      (global (mut i32) (i32.const 66560)) ${DATA} ${FRAME})`,
    { multi_memory: true }
  )
  const { buffer } = two.toBinary({})
  assert.match(placeOf(Buffer.from(buffer)), /^it has several memories/)
})

// --------------------------------------------------------- constant addresses

/** Functions with an access at a constant address, and where the words are. */
const constants = {
  'the first bytes': [992, '(i32.store (i32.const 0) (i32.const 1))'],
  'bytes of a word': [976, '(drop (i32.load8_u (i32.const 1000)))'],
  'the last byte of the words': [
    976,
    '(i32.store8 (i32.const 1015) (i32.const 1))'
  ],
  'the byte after the words': [
    992,
    '(i32.store8 (i32.const 1016) (i32.const 1))'
  ],
  'bytes from below': [960, '(i64.store (i32.const 985) (i64.const 1))'],
  'bytes that end below': [992, '(i64.store (i32.const 984) (i64.const 1))'],
  'an offset': [976, '(drop (f64.load offset=1000 (i32.const 8)))'],
  'an atomic': [
    976,
    '(drop (i32.atomic.rmw.add (i32.const 1000) (i32.const 1)))'
  ],
  'a vector': [960, '(drop (v128.load (i32.const 990)))'],
  'a fill': [
    480,
    '(memory.fill (i32.const 508) (i32.const 1) (i32.const 600))'
  ],
  'a fill of unknown length': [
    976,
    '(memory.fill (i32.const 1000) (i32.const 1) (local.get 0))'
  ],
  'the source of a copy': [
    976,
    '(memory.copy (i32.const 9000) (i32.const 1008) (i32.const 4))'
  ],
  'memory.init': [
    976,
    '(memory.init $d (i32.const 1000) (i32.const 0) (i32.const 4))'
  ],
  'a fill of unknown length from below': [
    976,
    '(memory.fill (i32.const 1001) (i32.const 1) (local.get 0))'
  ],
  'a fill of unknown length from far below': [
    'none',
    '(memory.fill (i32.const 17) (i32.const 1) (local.get 0))'
  ],
  'a copy of unknown length at an alignment': [
    992,
    '(memory.copy (i32.const 16) (i32.const 9000) (local.get 0))'
  ],
  'a constant in a local': [
    976,
    '(local.set 0 (i32.const 1000)) (drop (i32.load (local.get 0)))'
  ],
  'a constant in a local of one path': [
    992,
    `(if (local.get 0) (then (local.set 0 (i32.const 1000))))
      (drop (i32.load (local.get 0)))`
  ],
  'an address above': [992, '(i32.store (i32.const 1024) (i32.const 1))'],
  'an offset that wraps around': [
    992,
    '(i32.store offset=4294967295 (i32.const 1000) (i32.const 1))'
  ]
}
for (const [what, [place, access]] of Object.entries(constants))
  test(`a constant address: ${what}`, { skip: noAssembler }, () => {
    const bytes = assemble(`(module (memory 2 2 shared) ${LOOP}
      (global (mut i32) (i32.const 66560)) ${DATA} (data $d "1234") ${FRAME}
      (func (param i32) ${access}))`)
    const found = placeOf(bytes)
    if (place === 'none') assert.match(found, /^its code accesses constant/)
    else assert.equal(found, place)
  })

test('code that uses all low addresses leaves no place', () => {
  const fill = `(func (memory.fill (i32.const 0) (i32.const 1)
    (i32.const 1024)))`
  assert.match(placeOf(module(FRAME + fill)), /^its code accesses constant/)
})

// ----------------------------------------------------------- other toolchains

const REGISTERS = ['i32', ...Array(6).fill('i64'), 'i32']
  .map((type) => `(global (mut ${type}) (${type}.const 0))`)
  .join('')

test("the words of Go's modules are below 4096", () => {
  const go = (globals, data = 4096, functions = '') =>
    placeOf(
      wat(`(module (memory (export "mem") 2) ${LOOP} ${globals} ${functions}
        (data (i32.const ${data}) "12345678"))`)
    )
  assert.equal(go(REGISTERS), 4064)
  assert.match(go(REGISTERS, 4090), /^data may be below address 4096/)
  const store = '(func (i32.store (i32.const 4080) (i32.const 1)))'
  assert.equal(go(REGISTERS, 4096, store), 4048)
  for (const globals of [
    REGISTERS.replace('(global (mut i32) (i32.const 0))', ''),
    REGISTERS.replace('i32.const 0', 'i32.const 16'),
    REGISTERS.replace('(mut i64) (i64', 'i64 (i64'),
    `${REGISTERS}(global i32 (i32.const 0))`
  ])
    assert.match(go(globals), /^its toolchain is unknown/)
})

const LIBRARY = `(module (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global i32)) ${LOOP}
  (data (global.get 0) "12345678"))`

test('all dynamic libraries of a program have the same words', () => {
  for (const section of ['dylink.0', 'dylink']) {
    const bytes = withCustom(wat(LIBRARY), section, '')
    const { status, bytes: made } = tryInstrument(bytes)
    assert.equal(status, 0)
    assert.equal(addresses(made)[0], 992)
  }
  const defined = LIBRARY.replace('(memory 0)', '(memory 1)')
  assert.match(placeOf(wat(defined)), /^its toolchain is unknown/)
  const other = defined.replace('__memory_base', 'base')
  assert.match(
    placeOf(withCustom(wat(other), 'dylink.0', '')),
    /^its toolchain is unknown/
  )
})
