// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: words above a C stack, and which global points to it.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import initialise from 'wabt'

import {
  addresses,
  LOOP,
  instrument,
  textToModule,
  tryInstrument
} from './support/instrument.mjs'

const wabt = await initialise()

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

test('words lie above the C stack of a memory that grows', () => {
  const made = instrument(stack())
  assert.deepEqual(addresses(made), [4080, 4084, 4088])
  const globals = wabt
    .readWasm(made, { readDebugNames: true, threads: true })
    .toText({})
  assert.match(
    globals,
    /\(global \$__stack_pointer \(mut i32\) \(i32.const 4080\)\)/
  )
})

test('the stack pointer is found behind imported and other globals', () => {
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

test('memory.size is enough to keep words out of a page more', () => {
  const bytes = wat(`(module (memory 1) ${LOOP}
    (func (drop (memory.size))))`)
  assert.match(tryInstrument(bytes).stderr, /no room/)
})

test('an imported memory has no room but in its stack', () => {
  const bytes = wat(`(module (import "env" "memory" (memory 1))
    (global $__stack_pointer (mut i32) (i32.const 4096)) ${LOOP} ${FRAME})`)
  assert.deepEqual(addresses(instrument(bytes)), [4080, 4084, 4088])
  const none = wat(`(module (import "env" "memory" (memory 1)) ${LOOP})`)
  assert.match(tryInstrument(none).stderr, /no room/)
})

const noStack = {
  'data lie there': { data: 4084 },
  'data end there': { data: 4073 },
  'data begin at its end': { data: 4095 },
  'it is too small': { start: 0 },
  'it is not aligned': { start: 4100 },
  'it lies outside the memory': { start: 131072 },
  'nobody uses it': { rest: '(func)' },
  'it is that of AssemblyScript': { name: '$~lib/memory/__stack_pointer' }
}
for (const [why, options] of Object.entries(noStack))
  test(`there is no room in a stack if ${why}`, () => {
    const { status, stderr, bytes } = tryInstrument(stack(options))
    assert.equal(status, 1)
    assert.match(stderr, /^wasmsig: -: no room for the words: .*\n$/)
    assert.equal(bytes.length, 0)
  })

test('there is no room in a stack that may lie in another memory', () => {
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
  assert.match(made('(memory 1)').stderr, /no room for .* several memories/)
})

test('data beside the words do not matter', () => {
  for (const data of [4072, 4096])
    assert.equal(addresses(instrument(stack({ data })))[0], 4080)
})

/** Functions of a module without names: whether its stack is known. */
const unnamed = {
  'a frame that is given back': [true, FRAME],
  'no frame': [false, '(func (drop (global.get 0)))'],
  'a frame that stays': [
    false,
    '(func (global.set 0 (i32.sub (global.get 0) (i32.const 16))))'
  ],
  'a frame that is given back by reading again (AssemblyScript)': [
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
  'a value from elsewhere': [
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
  'a local that is set anew in a loop': [
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
