// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: where polls come, where words find room, and what is
// refused.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import initialise from 'wabt'

import { command, folder, guest } from './support/command.mjs'
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

// ------------------------------------------------------------------- polls

test('each loop gets a poll behind its head', () => {
  const bytes = wat(`(module ${OWN}
    (func (param i32) (result i32)
      (local.get 0)
      (loop $outer (param i32) (result i32)
        (loop (br_if 0 (i32.const 0)))
        (br_if $outer (i32.const 0))))
    (func unreachable (loop nop)))`)
  const made = instrument(bytes, '--every', '1')
  assert.equal(countOf(pollAt1024, code(made)), 3)
  for (let at = -1, i = 0; i < 3; i++) {
    at = code(made).indexOf(pollAt1024, at + 1)
    assert.equal(code(made)[at - 2], 0x03, 'a loop and its type come before')
  }
  assert.equal(report(made).polls.atomic, 3)
})

test('but for polls the code is as it was', () => {
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

test('all other sections stay, byte for byte', () => {
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

test('--calls polls at the heads of functions', () => {
  const bytes = wat(`(module ${OWN} (func (call 0)) (func (loop)))`)
  const both = instrument(bytes, '--every', '1', '--calls')
  assert.equal(countOf(pollAt1024, code(both)), 3)
  const loops = instrument(bytes, '--every', '1')
  assert.equal(countOf(pollAt1024, code(loops)), 1)
})

test('the delivery function is called, and has no poll', () => {
  const bytes = wat(`(module ${OWN}
    (func $deliver (export "__instance_signal_deliver") (loop nop))
    ${LOOP})`)
  const made = code(instrument(bytes, '--every', '1', '--calls'))
  const call = [0x41, 0x80, 8, 0xfe, 0x10, 2, 0, 0x04, 0x40, 0x10, 0, 0x0b]
  assert.equal(countOf(Buffer.from(call), made), 2)
})

test('a word of attention is read with the signal word', () => {
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

test('an address that is known later comes from its global', () => {
  const bytes = wat(`(module (import "env" "base" (global $base i32))
    (memory (export "memory") 1)
    (global (export "__instance_signal") i32 (global.get $base)) ${LOOP})`)
  const made = code(instrument(bytes))
  assert.equal(countOf(Buffer.from([0x23, 1, 0xfe, 0x10, 2, 0]), made), 1)
})

test('a module without a loop is written through, with words', () => {
  const bytes = wat('(module (func (export "run")))')
  const { status, stderr, bytes: made } = tryInstrument(bytes)
  assert.equal(status, 0)
  assert.match(stderr, /^wasmsig: -: it has no loop to poll in.*\n$/)
  assert.equal(report(made).tracked, true)
  assert.deepEqual(code(made), code(bytes))
})

// -------------------------------------------------------------------- words

const addresses = (bytes) =>
  Object.values(report(bytes).words).map((word) => word?.address)

test('words of a module without memory lie in one that is added', () => {
  const bytes = wat(`(module (global (export "memory") i32 (i32.const 0))
    ${LOOP})`)
  const made = instrument(bytes)
  const { tracked, memory } = report(made)
  assert.equal(tracked, true)
  assert.equal(memory.export, 'memory_1')
  assert.deepEqual([memory.minimum_pages, memory.maximum_pages], [1, 1])
  assert.deepEqual(addresses(made), [0, 4, 8])
})

test('words lie in a page more, if the module cannot see its size', () => {
  const module = (limits) =>
    wat(`(module (memory ${limits}) (data (i32.const 0) "x") ${LOOP})`)
  const pages = (limits) => {
    const { tracked, memory } = report(instrument(module(limits)))
    assert.equal(tracked, true)
    return [memory.minimum_pages, memory.maximum_pages, memory.export]
  }
  assert.deepEqual(pages('1'), [2, null, 'memory'])
  assert.deepEqual(pages('1 1'), [2, 2, 'memory'])
  assert.deepEqual(pages('3 9'), [4, 9, 'memory'])
  assert.deepEqual(pages('0 0'), [1, 1, 'memory'])
  assert.deepEqual(pages('1 2 shared'), [2, 2, 'memory'])
  const made = instrument(module('65535'))
  assert.equal(addresses(made)[0], 65535 * 65536)
  assert.ok(WebAssembly.validate(made))
  assert.match(tryInstrument(module('65536')).stderr, /no room/)
})

const STORES = '(func (param i32) (i32.store (local.get 0) (i32.const 1)))'

test('a host that lets a memory grow never puts words amid its data', () => {
  const pages = (memory, functions) => {
    const made = tryInstrument(wat(`(module ${memory} ${LOOP} ${functions})`))
    const { minimum_pages, maximum_pages } = report(made.bytes).memory
    return [minimum_pages, maximum_pages, made.stderr]
  }
  const told =
    'wasmsig: -: its memory can no longer grow: the words lie at its end\n'
  assert.deepEqual(pages('(memory (export "m") 1)', STORES), [2, 2, told])
  assert.deepEqual(pages('(memory (export "m") 1 9)', STORES), [2, 2, told])
  assert.deepEqual(pages('(memory (export "m") 1 1)', STORES), [2, 2, ''])
  assert.deepEqual(pages('(memory 1 9)', STORES), [2, 9, ''], 'no host sees it')
  assert.deepEqual(pages('(memory (export "m") 1)', ''), [2, null, ''])
  const stack = `(global $__stack_pointer (mut i32) (i32.const 4096)) ${FRAME}`
  assert.deepEqual(pages('(memory (export "m") 1)', stack), [1, null, ''])
})

test('words of a memory with 64-bit addresses have such addresses', () => {
  const made = instrument(wat(`(module (memory i64 1) ${LOOP})`))
  const { tracked, words } = report(made)
  assert.equal(tracked, true)
  assert.equal(words.__instance_signal.type, 'i64')
  assert.equal(words.__instance_signal.address, 65536)
})

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

test('a word that the module has stays where it is', () => {
  const bytes = wat(`(module (memory (export "memory") 1) ${LOOP}
    (global (export "__instance_terminated") i32 (i32.const 256)))`)
  assert.deepEqual(addresses(instrument(bytes)), [65536, 256, 65544])
  const own = wat(`(module (memory 1) ${LOOP}
    (global (export "__instance_signal") i32 (i32.const 1024)))`)
  const made = instrument(own)
  assert.deepEqual(addresses(made), [1024, undefined, undefined])
  assert.equal(report(made).memory.export, 'memory')
  assert.equal(report(made).memory.minimum_pages, 1)
})

test('words are zero, and the program starts as before', async () => {
  const bytes = wat(`(module (memory (export "m") 1 1)
    (data (i32.const 65532) "abcd")
    (func (export "run") (result i32) (loop) (i32.load (i32.const 65532))))`)
  const { instance } = await WebAssembly.instantiate(instrument(bytes))
  assert.equal(instance.exports.run(), 0x64636261)
  const words = new Uint32Array(instance.exports.m.buffer, 65536, 4)
  assert.deepEqual([...words], [0, 0, 0, 0])
})

// ----------------------------------------------------------------- refusals

const refused = {
  'a word outside its memory': [
    () =>
      wat(`(module (memory 1) ${LOOP}
        (global (export "__instance_signal") i32 (i32.const 65536)))`),
    /__instance_signal: a word lies outside/
  ],
  'a word that can change': [
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
  'a word of another module': [
    () =>
      wat(`(module (import "env" "word" (global i32))
        (memory (export "memory") 1) ${LOOP}
        (export "__instance_signal" (global 0)))`),
    /__instance_signal: another module brings it/
  ],
  'a delivery function with a result': [
    () =>
      wat(`(module ${OWN} ${LOOP}
        (func (export "__instance_signal_deliver") (result i32)
          i32.const 0))`),
    /__instance_signal_deliver is no function without/
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
  'a module that has been instrumented': [
    () => instrument(wat(`(module ${LOOP})`)),
    /has been instrumented before/
  ],
  'an object file': [
    () => withCustom(wat(`(module ${LOOP})`), 'linking', '\x02'),
    /object file: link it first/
  ],
  relocations: [
    () => withCustom(wat(`(module ${LOOP})`), 'reloc.CODE', '\0\0'),
    /object file: link it first/
  ],
  'a dynamic library': [
    () => withCustom(wat(`(module ${LOOP})`), 'dylink.0', ''),
    /linked when it is loaded/
  ],
  'a component': [
    () => Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]),
    /it is a component/
  ],
  'what is no module': [() => Buffer.from('hello'), /not a WebAssembly binary/],
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
    assert.match(stderr, /^wasmsig: -: [^\n]+\n$/)
    assert.match(stderr, why)
    assert.equal(existsSync(out), false)
  })
