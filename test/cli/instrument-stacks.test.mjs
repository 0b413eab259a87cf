// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: words above a C stack, and how its pointer is found.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import initialise from 'wabt'

import {
  addresses,
  assemble,
  LOOP,
  instrument,
  noAssembler,
  textToModule,
  tryInstrument as tryWith
} from './support/instrument.mjs'

const wabt = await initialise()

/** With words above a C stack, or nowhere. */
const tryInstrument = (bytes) => tryWith(bytes, '--words', 'stack')

const wat = (text, options) => textToModule(wabt, text, options)

const GROWS = '(func (drop (memory.grow (i32.const 1))))'
const FRAME = `(func (param i32) (local $frame i32)
  (global.set 0 (local.tee $frame (i32.sub (global.get 0) (i32.const 32))))
  (i32.store offset=12 (local.get $frame) (local.get 0))
  (global.set 0 (i32.add (local.get $frame) (i32.const 32))))`

/** A module whose memory can grow. */
const stack = (options = {}) => {
  const {
    name = '$__stack_pointer',
    start = 4096,
    data = 8,
    rest = ''
  } = options
  return wat(`(module (memory (export "memory") 1) ${LOOP} ${GROWS}
    (global ${name} (mut i32) (i32.const ${start}))
    (data (i32.const ${data}) "12345678") ${rest || FRAME})`)
}

test('the words are above the C stack if the memory can grow', () => {
  const made = instrument(stack())
  assert.deepEqual(addresses(made), [4080, 4084, 4088, undefined])
  const globals = wabt
    .readWasm(made, { readDebugNames: true, threads: true })
    .toText({})
  assert.match(
    globals,
    /\(global \$__stack_pointer \(mut i32\) \(i32.const 4080\)\)/
  )
})

test('the stack pointer is found among imported and other globals', () => {
  const bytes = wat(`(module (import "env" "a" (global i32))
    (import "env" "b" (global f64))
    (memory (export "memory") 1) ${LOOP} ${GROWS}
    (global $before i64 (i64.const 4096))
    (global $__stack_pointer (mut i32) (i32.const 4096))
    (global $after (mut i32) (i32.const 4096))
    ${FRAME.replaceAll(/global\.(.)et 0/g, 'global.$1et 3')})`)
  const text = wabt
    .readWasm(instrument(bytes), { readDebugNames: true, threads: true })
    .toText({})
  const values = text.match(/\(global .*const \d+\)\)/g)
  assert.deepEqual(
    values.map((value) => Number(/(\d+)\)\)$/.exec(value)[1])),
    [4096, 4080, 4096, 4080, 4084, 4088]
  )
})

test('memory.size alone prevents an added page', () => {
  const bytes = wat(`(module (memory 1) ${LOOP}
    (func (drop (memory.size))))`)
  assert.match(tryInstrument(bytes).stderr, /stack: no: /)
})

test('an imported memory has space for words in its stack only', () => {
  const bytes = wat(`(module (import "env" "memory" (memory 1))
    (global $__stack_pointer (mut i32) (i32.const 4096)) ${LOOP} ${FRAME})`)
  assert.deepEqual(addresses(instrument(bytes)), [4080, 4084, 4088, undefined])
  const none = wat(`(module (import "env" "memory" (memory 1)) ${LOOP})`)
  assert.match(tryInstrument(none).stderr, /stack: no: /)
})

const noStack = {
  'there are data': { data: 4084 },
  'data end there': { data: 4073 },
  'data begin at its end': { data: 4095 },
  'it is too small': { start: 0 },
  'it is not aligned': { start: 4100 },
  'it is outside the memory': { start: 131072 },
  'no code uses it': { rest: '(func)' },
  'AssemblyScript made it': { name: '$~lib/memory/__stack_pointer' }
}
for (const [why, options] of Object.entries(noStack))
  test(`a stack has no space for words if ${why}`, () => {
    const { status, stderr, bytes } = tryInstrument(stack(options))
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^wasmsig: -: no place .*\nwasmsig: -: stack: no: .*\n/
    )
    assert.equal(bytes.length, 0)
  })

test('a stack that may be in another memory has no space for words', () => {
  const text = (second) => `(module (memory 1) ${second} ${LOOP} ${GROWS}
    (global $__stack_pointer (mut i32) (i32.const 4096)) ${FRAME})`
  const made = (second) => {
    const module = wabt.parseWat('two.wat', text(second), {
      multi_memory: true
    })
    const { buffer } = module.toBinary({ write_debug_names: true })
    return tryInstrument(Buffer.from(buffer))
  }
  assert.equal(made('').status, 0)
  assert.match(made('(memory 1)').stderr, /stack: no: .* several memories/)
})

test('data beside the words are permitted', () => {
  for (const data of [4072, 4096])
    assert.equal(addresses(instrument(stack({ data })))[0], 4080)
})

/** Functions of a module without names, and whether they prove a C stack. */
const unnamed = {
  'a frame that is released': [true, FRAME],
  'no frame': [false, '(func (drop (global.get 0)))'],
  'a frame that stays': [
    false,
    '(func (global.set 0 (i32.sub (global.get 0) (i32.const 16))))'
  ],
  'a frame that is released by a second read (AssemblyScript)': [
    false,
    `(func (global.set 0 (i32.sub (global.get 0) (i32.const 16)))
      (global.set 0 (i32.add (global.get 0) (i32.const 16))))`
  ],
  'a frame of 8 bytes': [
    false,
    FRAME.replaceAll(' 32', ' 8').replace('offset=12', 'offset=4')
  ],
  'an allocator': [
    false,
    `${FRAME} (func (global.set 0 (i32.add (global.get 0) (i32.const 16))))`
  ],
  'another value': [
    false,
    `${FRAME} (func (param i32) (global.set 0 (local.get 0)))`
  ],
  'an address above': [
    false,
    `${FRAME} (func (drop (i32.load offset=8 (global.get 0))))`
  ],
  'an array of any size': [
    true,
    `${FRAME} (func (param $n i32) (local $frame i32)
      (local.set $frame (global.get 0))
      (global.set 0 (i32.sub (local.get $frame)
        (i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16))))
      (global.set 0 (local.get $frame)))`
  ],
  'an array of a size below 0': [
    false,
    `${FRAME} (func (param $n i32)
      (global.set 0 (i32.sub (global.get 0)
        (i32.mul (local.get $n) (i32.const -16)))))`
  ],
  'a frame of another alignment': [
    true,
    `${FRAME} (func (local $old i32)
      (global.set 0 (i32.and
        (i32.sub (local.tee $old (global.get 0)) (i32.const 96))
        (i32.const -64)))
      (global.set 0 (local.get $old)))`
  ],
  'a local that another branch may have set': [
    false,
    `${FRAME} (func (param i32) (local $frame i32)
      (if (local.get 0) (then (local.set $frame (global.get 0))))
      (global.set 0 (local.get $frame)))`
  ],
  'a local that is set again in a loop': [
    false,
    `${FRAME} (func (param i32) (local $frame i32)
      (local.set $frame (global.get 0))
      (loop (global.set 0 (local.get $frame))
        (local.set $frame (local.get 0)) (br 0)))`
  ]
}
for (const [what, [isKnown, functions]] of Object.entries(unnamed))
  test(`without names, ${what} is ${isKnown ? 'a' : 'no'} stack`, () => {
    const bytes = wat(
      `(module (memory (export "memory") 1) ${LOOP} ${GROWS}
        (global (mut i32) (i32.const 4096)) ${functions})`,
      { write_debug_names: false }
    )
    const { status, bytes: made } = tryInstrument(bytes)
    assert.equal(status, isKnown ? 0 : 1)
    if (isKnown) assert.equal(addresses(made)[0], 4080)
  })

/** Functions beside a frame, and whether compiled C may contain them, for a stack
 * pointer with a name and one without. The words would be in [4080, 4096). */
const behaviours = {
  'a constant is stored': [
    { named: false, unnamed: false },
    '(func (global.set 0 (i32.const 8192)))'
  ],
  'a constant is stored by way of a local': [
    { named: false, unnamed: false },
    `(func (local i32) (local.set 0 (i32.const 4096))
      (global.set 0 (local.get 0)))`
  ],
  'a constant global is stored': [
    { named: false, unnamed: false },
    '(func (global.set 0 (global.get 1)))'
  ],
  'a sum of constants is stored': [
    { named: false, unnamed: false },
    '(func (global.set 0 (i32.shl (i32.const 64) (i32.const 7))))'
  ],
  'it is made larger': [
    { named: false, unnamed: false },
    '(func (global.set 0 (i32.add (global.get 0) (i32.const 32))))'
  ],
  'it is made larger by a rounded constant (an arena)': [
    { named: false, unnamed: false },
    `(func (global.set 0 (i32.sub (global.get 0)
      (i32.and (i32.const -100) (i32.const -16)))))`
  ],
  'a frame is released by a second read': [
    { named: true, unnamed: false },
    `(func (global.set 0 (i32.sub (global.get 0) (i32.const 128)))
      (global.set 0 (i32.add (global.get 0) (i32.const 128))))`
  ],
  'more is released than was reserved': [
    { named: false, unnamed: false },
    `(func (global.set 0 (i32.sub (global.get 0) (i32.const 128)))
      (global.set 0 (i32.add (global.get 0) (i32.const 144))))`
  ],
  'a saved value is restored': [
    { named: true, unnamed: false },
    '(func (param i32) (global.set 0 (i32.load offset=8 (local.get 0))))'
  ],
  'a host adds to it': [
    { named: true, unnamed: false },
    '(func (param i32) (global.set 0 (i32.add (global.get 0) (local.get 0))))'
  ],
  'a frame has the form of -O0': [
    { named: true, unnamed: false },
    `(func (local i32 i32 i32) (local.set 0 (global.get 0))
      (local.set 1 (i32.const 16))
      (local.set 2 (i32.sub (local.get 0) (local.get 1)))
      (global.set 0 (local.get 2))
      (local.set 0 (i32.const 16))
      (global.set 0 (i32.add (local.get 2) (local.get 0))))`
  ],
  'blocks are very deep': [
    { named: true, unnamed: false },
    `(func (local i32) ${'(block '.repeat(1100)} (local.set 0 (i32.const 64))
      ${')'.repeat(1100)} (global.set 0 (local.get 0)))`
  ],
  'a constant is stored before blocks that are very deep': [
    { named: false, unnamed: false },
    `(func (global.set 0 (i32.const 8192))
      ${'(block '.repeat(1100)}${')'.repeat(1100)})`
  ],
  'an access at a constant address reaches into the words': [
    { named: false, unnamed: false },
    '(func (i64.store (i32.const 4072) (i64.const 0)) (drop (i64.load (i32.const 4073))))'
  ],
  'an access at a constant address ends below the words': [
    { named: true, unnamed: true },
    '(func (i64.store offset=72 (i32.const 4000) (i64.const 0)))'
  ],
  'an access at a constant address begins above the words': [
    { named: true, unnamed: true },
    '(func (i32.store8 offset=96 (i32.const 4000) (i32.const 0)))'
  ],
  'the last word is written': [
    { named: false, unnamed: false },
    '(func (i32.store8 offset=95 (i32.const 4000) (i32.const 0)))'
  ],
  'a vector reaches into the words': [
    { named: false, unnamed: false },
    '(func (param v128) (v128.store (i32.const 4065) (local.get 0)))'
  ],
  'an atomic is at the words': [
    { named: false, unnamed: false },
    '(func (drop (i32.atomic.rmw.add (i32.const 4080) (i32.const 1))))'
  ],
  'a fill reaches into the words': [
    { named: false, unnamed: false },
    '(func (memory.fill (i32.const 4000) (i32.const 9) (i32.const 81)))'
  ],
  'a fill ends below the words': [
    { named: true, unnamed: true },
    '(func (memory.fill (i32.const 4000) (i32.const 9) (i32.const 80)))'
  ],
  'the value at the pointer is read': [
    { named: true, unnamed: false },
    '(func (drop (i32.load (global.get 0))))'
  ],
  'a store begins below the pointer and ends above it': [
    { named: true, unnamed: false },
    `(func (i64.store (i32.sub (global.get 0) (i32.const 4)) (i64.const 0)))`
  ],
  'a vector is stored at the pointer': [
    { named: true, unnamed: false },
    '(func (param v128) (v128.store (global.get 0) (local.get 0)))'
  ],
  'a vector is stored below the pointer': [
    { named: true, unnamed: true },
    `(func (param v128)
      (v128.store (i32.sub (global.get 0) (i32.const 16)) (local.get 0)))`
  ],
  'a lane is stored at the pointer': [
    { named: true, unnamed: false },
    '(func (param v128) (v128.store8_lane 0 (global.get 0) (local.get 0)))'
  ],
  'an atomic is at the pointer': [
    { named: true, unnamed: false },
    `(func (drop (i32.atomic.rmw.cmpxchg (global.get 0) (i32.const 0)
      (i32.const 1))))`
  ],
  'an atomic stores at the pointer': [
    { named: true, unnamed: false },
    '(func (i32.atomic.store (global.get 0) (i32.const 1)))'
  ],
  'an atomic wait is at the pointer': [
    { named: true, unnamed: false },
    `(func (drop (memory.atomic.wait32 (global.get 0) (i32.const 0)
      (i64.const 0))))`
  ],
  'a fill is at the pointer': [
    { named: true, unnamed: false },
    '(func (memory.fill (global.get 0) (i32.const 0) (i32.const 8)))'
  ],
  'a fill leaves its frame': [
    { named: true, unnamed: false },
    `(func (memory.fill (i32.sub (global.get 0) (i32.const 16)) (i32.const 0)
      (i32.const 17)))`
  ],
  'a copy is to the pointer': [
    { named: true, unnamed: false },
    '(func (memory.copy (global.get 0) (i32.const 0) (i32.const 8)))'
  ],
  'a copy is from the pointer': [
    { named: true, unnamed: false },
    '(func (memory.copy (i32.const 0) (global.get 0) (i32.const 8)))'
  ],
  'memory.init is at the pointer': [
    { named: true, unnamed: false },
    '(func (memory.init $d (global.get 0) (i32.const 0) (i32.const 8)))'
  ]
}
for (const [what, [known, functions]] of Object.entries(behaviours))
  test(`C stack: ${what}`, { skip: noAssembler }, () => {
    for (const [kind, name] of [
      ['named', '$__stack_pointer'],
      ['unnamed', '']
    ]) {
      const { status, stderr } = tryInstrument(
        assemble(`(module (memory 1 2 shared) ${LOOP} ${GROWS}
          (global ${name} (mut i32) (i32.const 4096))
          (global i32 (i32.const 4096)) (data $d "12345678")
          ${FRAME} ${functions})`)
      )
      assert.equal(status, known[kind] ? 0 : 1, `${kind}: ${stderr}`)
      if (!known[kind])
        assert.match(
          stderr,
          /^wasmsig: -: no place .*\nwasmsig: -: stack: no: .*\n/
        )
    }
  })
