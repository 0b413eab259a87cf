// SPDX-License-Identifier: Apache-2.0 OR MIT
// Instrumented modules of many shapes are valid, and compute the same results as
// before.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

import initialise from 'wabt'

import { folder } from './support/command.mjs'
import {
  assemble,
  codeOf as code,
  countOf,
  host,
  noAssembler,
  tryInstrument
} from './support/instrument.mjs'

const wabt = await initialise()

const COMPARE = fileURLToPath(new URL('./guests/compare.mjs', import.meta.url))

/** i32.const 9, i32.eq, if, unreachable, end: the end of each poll. */
const KILL_CHECK = Buffer.from([0x41, 9, 0x46, 0x04, 0x40, 0x00, 0x0b])

const WAYS = [
  [],
  ['--calls'],
  ...['1', '2', '7', '64', '1000000'].flatMap((every) => [
    ['--every', every],
    ['--every', every, '--calls']
  ])
]

/** Each exports `run`, with an i32, and gets this number of polls without --calls.
 * A function returns the number for a value of --every. */
const shapes = {
  'a loop in a loop': [
    2,
    `(func (export "run") (param $n i32) (result i32) (local $i i32 ) (local $j i32)
       (local $sum i32)
       (loop $outer
         (local.set $j (i32.const 0))
         (loop $inner
           (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
                                    (local.get $j)))
           (local.set $j (i32.add (local.get $j) (i32.const 1)))
           (br_if $inner (i32.lt_u (local.get $j) (i32.const 5))))
         (local.set $i (i32.add (local.get $i) (i32.const 1)))
         (br_if $outer (i32.lt_u (local.get $i) (local.get $n))))
       (local.get $sum))`
  ],
  'a loop with parameters and results': [
    1,
    `(func $step (param $a i64) (param $b i64) (result i64 i64)
       (local.get $b) (i64.add (local.get $a) (local.get $b)))
     (func (export "run") (param $n i32) (result i64)
       (i64.const 1) (i64.const 1)
       (loop $again (param i64 i64) (result i64 i64)
         (call $step)
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (drop))`
  ],
  'groups of locals': [
    1,
    `(func (export "run") (param $n i32) (result f64)
       (local f32 f32 i64) (local $x f64) (local v128 i32 i32 i32)
       (loop $again
         (local.set $x (f64.add (local.get $x) (f64.const 0.5)))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (local.get $x))`
  ],
  br_table: [
    1,
    `(func (export "run") (param $n i32) (result i32) (local $sum i32)
       (block $out (loop $again
         (local.set $n (i32.sub (local.get $n) (i32.const 1)))
         (br_if $out (i32.lt_s (local.get $n) (i32.const 0)))
         (block $a (block $b
           (br_table $a $b $again (i32.rem_u (local.get $n) (i32.const 3))))
           (local.set $sum (i32.add (local.get $sum) (i32.const 10)))
           (br $again))
         (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
         (br $again)))
       (local.get $sum))`
  ],
  'unreachable code': [
    0,
    `(func (export "run") (param $n i32) (result i32)
       (return (local.get $n))
       (loop (param i32 i32) (result i32) (i32.add))
       (loop $again (br $again)))`
  ],
  'a function that is started': [
    1,
    `(global $g (mut i32) (i32.const 0))
     (func $start (loop $again
       (global.set $g (i32.add (global.get $g) (i32.const 1)))
       (br_if $again (i32.lt_u (global.get $g) (i32.const 3000)))))
     (start $start)
     (func (export "run") (param i32) (result i32)
       (i32.add (global.get $g) (local.get 0)))`
  ],
  'an imported function, tables and elements': [
    1,
    `(import "env" "step" (func $step (param i32) (result i32)))
     (table 2 funcref) (elem (i32.const 0) $step $twice)
     (type $t (func (param i32) (result i32)))
     (func $twice (param i32) (result i32)
       (i32.mul (local.get 0) (i32.const 2)))
     (func (export "run") (param $n i32) (result i32) (local $sum i32)
       (loop $again
         (local.set $sum (i32.xor (local.get $sum)
           (call_indirect (type $t) (local.get $n)
             (i32.and (local.get $n) (i32.const 1)))))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (local.get $sum))`
  ],
  vectors: [
    1,
    `(memory 1)
     (func (export "run") (param $n i32) (result i32) (local $v v128)
       (loop $again
         (local.set $v (i32x4.add (local.get $v)
           (i8x16.shuffle 3 2 1 0 4 5 6 7 8 9 10 11 12 13 14 15
             (i32x4.splat (local.get $n)) (local.get $v))))
         (v128.store (i32.const 64) (local.get $v))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (i32x4.extract_lane 0 (v128.load (i32.const 64))))`
  ],
  'bulk memory': [
    1,
    `(memory 1) (data $d "0123456789")
     (func (export "run") (param $n i32) (result i32)
       (loop $again
         (memory.init $d (i32.and (local.get $n) (i32.const 7))
           (i32.const 2) (i32.const 5))
         (memory.copy (i32.const 20) (i32.const 16) (i32.const 9))
         (memory.copy (i32.const 16) (local.get $n) (i32.const 4))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (i32.load (i32.const 20)))`
  ],
  recursion: [
    2,
    `(func $tree (param $depth i32) (result i32) (local $i i32)
       (local $sum i32)
       (if (i32.eqz (local.get $depth)) (then (return (i32.const 1))))
       (loop $again
         (local.set $sum (i32.add (local.get $sum)
           (call $tree (i32.sub (local.get $depth) (i32.const 1)))))
         (br_if $again (i32.lt_u (local.tee $i
           (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
       (local.get $sum))
     (func (export "run") (param $n i32) (result i32)
       (call $tree (i32.rem_u (local.get $n) (i32.const 7))))`
  ],
  'many locals': [
    1,
    `(func (export "run") (param $n i32) (result i32) (local $i i32)
       ${'(local i32 i64) '.repeat(70)}
       (loop $again
         (local.set $i (i32.add (local.get $i) (local.get $n)))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (local.get $i))`
  ],
  'a tail call of itself': [
    1,
    `(func $down (param i32 i32) (result i32)
       (if (i32.le_s (local.get 0) (i32.const 0))
         (then (return (local.get 1))))
       (return_call $down (i32.sub (local.get 0) (i32.const 1))
         (i32.add (local.get 1) (local.get 0))))
     (func (export "run") (param i32) (result i32)
       (return_call $down (local.get 0) (i32.const 0)))`
  ],
  'calls without a cycle': [
    0,
    `(func $leaf (param i32) (result i32)
       (i32.xor (local.get 0) (i32.shl (local.get 0) (i32.const 3))))
     (func $twice (param i32) (result i32) (call $leaf (call $leaf (local.get 0))))
     (func (export "run") (param i32) (result i32)
       (return_call $twice (call $twice (local.get 0))))`
  ],
  'a frame with much work after a call returns': [
    (every) => (every > 200 ? 4 : 3),
    `(func $down (param i32) (result i32) (local $i i32)
       (if (i32.le_s (local.get 0) (i32.const 0)) (then (return (i32.const 1))))
       (i32.add
         (call $down (i32.sub (local.get 0) (i32.const 3)))
         (i32.const 2))
       (block (param i32) (result i32)
         ${`(local.set $i (i32.const 0))
         (loop $again (param i32) (result i32)
           ${'(nop) '.repeat(180)}
           (i32.mul (i32.const 3))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $i) (i32.const 300))))
         `.repeat(2)})
       (i32.xor (call $down (i32.sub (local.get 0) (i32.const 9)))))
     (func (export "run") (param i32) (result i32)
       (call $down (i32.rem_u (local.get 0) (i32.const 40))))`
  ],
  'a call from an inner loop, with much work after it returns': [
    3,
    `(func $down (param i32) (result i32) (local $i i32) (local $sum i32)
       (if (i32.le_s (local.get 0) (i32.const 0)) (then (return (i32.const 1))))
       (loop $outer
         ${'(nop) '.repeat(20)}
         (local.set $sum (i32.mul (local.get $sum) (i32.const 3)))
         (loop $inner
           (local.set $sum (i32.add (local.get $sum)
             (call $down (i32.sub (local.get 0) (i32.const 7)))))
           (br_if $inner (i32.and (local.get $sum) (i32.const 1))))
         (local.set $i (i32.add (local.get $i) (i32.const 1)))
         (br_if $outer (i32.lt_u (local.get $i) (i32.const 3))))
       (local.get $sum))
     (func (export "run") (param i32) (result i32)
       (call $down (i32.rem_u (local.get 0) (i32.const 20))))`
  ],
  'two memories': [
    1,
    `(memory $a 1) (memory $b (export "memory") 1)
     (data (memory $b) (i32.const 8) "abcd")
     (func (export "run") (param $n i32) (result i32)
       (loop $again
         (i32.store $b (i32.const 16) (i32.add (i32.load $b (i32.const 16))
           (i32.load8_u $b (i32.add (i32.const 8)
             (i32.and (local.get $n) (i32.const 3))))))
         (i32.store $a (i32.const 4) (i32.load $b (i32.const 16)))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (i32.load $a (i32.const 4)))`
  ],
  'a memory with 64-bit addresses': [
    1,
    `(memory i64 1)
     (func (export "run") (param $n i32) (result i32)
       (loop $again
         (i32.store (i64.const 16) (i32.add (i32.load (i64.const 16))
           (local.get $n)))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (i32.load (i64.const 16)))`
  ],
  'a try_table in a loop': [
    1,
    `(tag $t (param i32))
     (func (export "run") (param $n i32) (result i32) (local $sum i32)
       (loop $again
         (block $caught (result i32)
           (try_table (catch $t $caught) (throw $t (local.get $n)))
           (i32.const 0))
         (local.set $sum (i32.add (local.get $sum)))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (local.get $sum))`
  ],
  'structures, arrays and references': [
    1,
    `(rec (type $node (struct (field $next (ref null $node))
                             (field $value (mut i32)))))
     (type $row (array (mut i32)))
     (func (export "run") (param $n i32) (result i32)
       (local $list (ref null $node)) (local $row (ref $row))
       (local.set $row (array.new $row (i32.const 3) (i32.const 4)))
       (local.set $list (struct.new $node (ref.null $node) (i32.const 1)))
       (loop $again
         (local.set $list (struct.new $node (local.get $list)
           (i32.add (struct.get $node $value (local.get $list))
             (array.get $row (local.get $row)
               (i32.and (local.get $n) (i32.const 3))))))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (struct.get $node $value (local.get $list)))`
  ],
  'atomics in a shared memory': [
    1,
    `(memory 1 4 shared)
     (func (export "run") (param $n i32) (result i32)
       (loop $again
         (drop (i32.atomic.rmw.add (i32.const 64) (local.get $n)))
         (br_if $again (i32.gt_s (local.tee $n
           (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
       (i32.atomic.load (i32.const 64)))`
  ]
}

/** Legacy exceptions, which Wasmtime's assembler does not support. */
const legacy = `(module
  (tag $t (param i32))
  (func (export "run") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (try (do (throw $t (local.get $n)))
        (catch $t (local.get $sum) (i32.add) (local.set $sum))
        (catch_all (loop $never (br $never))))
      (br_if $again (i32.gt_s (local.tee $n
        (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
    (local.get $sum)))`

/** Runs `compare.mjs` with the newest engine. */
function compare(files) {
  return JSON.parse(
    execFileSync(host('node-26').program, [COMPARE, ...files], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' }
    })
  )
}

function check(t, bytes, polls) {
  const path = folder(t)
  const files = [join(path, 'original.wasm')]
  writeFileSync(files[0], bytes)
  for (const way of WAYS) {
    const made = tryInstrument(bytes, '--add-page', ...way)
    assert.equal(made.status, 0, made.stderr)
    files.push(join(path, `made${way.join('')}.wasm`))
    writeFileSync(files.at(-1), made.bytes)
    const found = countOf(KILL_CHECK, code(made.bytes))
    const at = way.indexOf('--every')
    const every = at < 0 ? 256 : Number(way[at + 1])
    const least = typeof polls === 'function' ? polls(every) : polls
    if (!way.includes('--calls')) assert.equal(found, least)
    else assert.ok(found >= Math.max(least, 1), `${found}`)
  }
  const results = compare(files)
  assert.ok(new Set(results).size > 1, 'something was computed')
}

for (const [name, [polls, text]] of Object.entries(shapes))
  test(`the same results: ${name}`, { skip: noAssembler }, (t) =>
    check(t, assemble(`(module ${text})`), polls)
  )

test('the same results: legacy exceptions', (t) => {
  const module = wabt.parseWat('legacy.wat', legacy, { exceptions: true })
  check(t, Buffer.from(module.toBinary({}).buffer), 2)
})

// -------------------------------------------------------------------- turns

/** How often polls call the delivery function in this number of turns of a loop,
 * or recursive calls, if nothing clears the word. */
async function polls(turns, ...args) {
  const lower = '(local.tee 0 (i32.sub (local.get 0) (i32.const 1)))'
  const bytes = wabt.parseWat(
    'turns.wat',
    `(module (memory (export "memory") 1)
      (global (export "__instance_signal") i32 (i32.const 8))
      (global $polls (export "polls") (mut i32) (i32.const 0))
      (func (export "__instance_signal_deliver")
        (global.set $polls (i32.add (global.get $polls) (i32.const 1))))
      (func $nothing)
      (func (export "light") (param i32) (loop (br_if 0 ${lower})))
      (func (export "storing") (param i32)
        (loop (i32.store (i32.const 64) (local.get 0)) (br_if 0 ${lower})))
      (func (export "calling") (param i32)
        (loop (call $nothing) (br_if 0 ${lower})))
      (func (export "heavy") (param i32)
        (loop ${'nop '.repeat(200)} (br_if 0 ${lower})))
      (func (export "heavy, calling") (param i32)
        (loop ${'nop '.repeat(200)} (call $nothing) (br_if 0 ${lower})))
      (func (export "filling") (param i32)
        (loop (call $nothing)
          (memory.fill (i32.const 64) (i32.const 0) (i32.const 9))
          (br_if 0 ${lower})))
      (func $recurring (export "recurring") (param i32)
        (if ${lower} (then (call $recurring (local.get 0)))))
      (func (export "straight") (param i32) (call $nothing)))`,
    { mutable_globals: true, bulk_memory: true }
  )
  const made = tryInstrument(Buffer.from(bytes.toBinary({}).buffer), ...args)
  const { instance } = await WebAssembly.instantiate(made.bytes)
  const { memory, polls: count, ...functions } = instance.exports
  new Uint32Array(memory.buffer)[2] = 1
  const found = {}
  delete functions.__instance_signal_deliver
  delete functions.__instance_signal
  for (const [name, call] of Object.entries(functions)) {
    const before = count.value
    call(turns)
    found[name] = count.value - before
  }
  return found
}

for (const every of [1, 2, 7, 64, 1000])
  test(`--every ${every} polls at every Nth turn without a call`, async () => {
    const turns = every * 5
    const found = await polls(turns, '--every', String(every))
    assert.deepEqual(found, {
      ...{ light: 5, storing: 5, heavy: 5 },
      ...{ calling: turns, 'heavy, calling': turns, filling: turns },
      ...{ recurring: turns, straight: 0 }
    })
    const fewer = await polls(every * 3 - 1, '--every', String(every))
    assert.equal(fewer.light, 2)
  })

test('by default only light loops without stores and calls count', async () => {
  const turns = 5120
  const { light, straight, ...found } = await polls(turns)
  assert.deepEqual(new Set(Object.values(found)), new Set([turns]))
  assert.equal(light, turns / 256)
  assert.equal(straight, 0)
})

test('a nest of loops counts from its outermost loop', async () => {
  // 100 turns of an inner loop in each of 100 turns: about 10^4 / 256 polls.
  const bytes = wabt.parseWat(
    'nest.wat',
    `(module (memory (export "memory") 1)
      (global (export "__instance_signal") i32 (i32.const 8))
      (global $polls (export "polls") (mut i32) (i32.const 0))
      (func (export "__instance_signal_deliver")
        (global.set $polls (i32.add (global.get $polls) (i32.const 1))))
      (func (export "run") (local $i i32) (local $j i32)
        (loop $outer
          (local.set $j (i32.const 0))
          (loop $inner
            (br_if $inner (i32.lt_u
              (local.tee $j (i32.add (local.get $j) (i32.const 1)))
              (i32.const 100))))
          (br_if $outer (i32.lt_u
            (local.tee $i (i32.add (local.get $i) (i32.const 1)))
            (i32.const 100))))))`,
    { mutable_globals: true }
  )
  const made = tryInstrument(Buffer.from(bytes.toBinary({}).buffer))
  const { exports } = (await WebAssembly.instantiate(made.bytes)).instance
  new Uint32Array(exports.memory.buffer)[2] = 1
  exports.run()
  assert.equal(exports.polls.value, Math.floor((100 * 100 + 100) / 256))
})

test('with --calls each function polls at its start', async () => {
  const found = await polls(5, '--every', '1', '--calls')
  assert.equal(found.light, 6, 'its head and its turns')
  assert.equal(found.calling, 11, 'and those that it calls')
  assert.equal(found.recurring, 5, 'nothing twice')
  assert.equal(found.straight, 2)
})

// --------------------------------------------------------------- many calls

/** The number of polls in an instrumented text. */
function pollsIn(text, ...args) {
  const made = tryInstrument(assemble(text), '--add-page', ...args)
  assert.equal(made.status, 0, made.stderr)
  return countOf(KILL_CHECK, code(made.bytes))
}

test(
  'a cycle of 200000 functions gets a poll, as do 65536 instructions of calls',
  { skip: noAssembler },
  () => {
    const count = 200000
    const functions = Array.from(
      { length: count },
      (_, i) => `(func (call ${(i + 1) % count}))`
    )
    const cycle = `(module (memory 1) ${functions.join('')})`
    const byCost = Math.floor((count * 2) / 65536)
    assert.equal(pollsIn(cycle), byCost + 1)
    functions[count - 1] = '(func)'
    assert.equal(pollsIn(`(module (memory 1) ${functions.join('')})`), byCost)
  }
)

test(
  'a cycle of calls through the delivery function polls elsewhere',
  { skip: noAssembler },
  () => {
    const cycle = (deliver, other) =>
      tryInstrument(
        assemble(`(module (memory (export "memory") 1) (type $none (func))
          (global (export "__instance_signal") i32 (i32.const 1024))
          (table 1 funcref) (elem (i32.const 0) $other)
          (func $deliver (export "__instance_signal_deliver") ${deliver})
          (func $other ${other}))`),
        '-v'
      ).stderr
    const polls = /^wasmsig: -: 1 poll, 0 loops/
    const back = '(return_call $deliver)'
    assert.match(cycle('(return_call $other)', back), polls)
    assert.match(
      cycle('(return_call_indirect (type $none) (i32.const 0))', back),
      polls
    )
    assert.match(cycle('(call $other)', '(call $deliver)'), polls)
    assert.match(
      cycle('(call $deliver)', ''),
      /unchanged/,
      'a poll would call it'
    )
  }
)
