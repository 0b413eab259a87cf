// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The guests, as text: every host runs the same binaries. No loop is endless: if
 * a host does not stop a guest, the check fails and does not hang.
 */

/** The addresses of the words, and their value before a host writes to them. */
export const SIGNAL_AT = 1024
export const TERMINATED_AT = 1032
export const PENDING_AT = 1040
/** Where `obey` records the signals that it received, as in a pending set. */
export const RECEIVED_AT = 2048
export const STARTED = 0xffff

const OWN = '(memory (export "memory") 1)'
const IMPORTED = '(memory (import "env" "memory") 1)'
const SHARED = '(memory (import "env" "memory") 1 16 shared)'

const word = (name, address, type = 'i32') =>
  `(global (export "${name}") ${type} (${type}.const ${address}))`
const signal = (address = SIGNAL_AT) => word('__instance_signal', address)
const terminated = (address = TERMINATED_AT) =>
  word('__instance_terminated', address)
const pending = (address = PENDING_AT) =>
  word('__instance_signal_pending', address)

const startsAt = (address, bytes) => `(data (i32.const ${address}) "${bytes}")`
const SIGNAL_STARTS = startsAt(SIGNAL_AT, '\\ff\\ff\\00\\00')
const ALL_START = `${SIGNAL_STARTS}
  ${startsAt(TERMINATED_AT, '\\00\\00\\00\\00')}
  ${startsAt(PENDING_AT, '\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff')}`

/**
 * spin    polls until a signal comes, returns its number; 0: none came
 * obey    polls as the SDK does: records signals, and traps at SIGKILL
 * burn    never polls
 * answer  acknowledges $left signals, returns the last; 0: not all came
 * work    never polls, runs $turns turns of a loop
 */
const LOOPS = `
  (func $spin (export "spin") (result i32)
    (local $turns i64) (local $signal i32)
    (loop $again
      (local.set $signal (i32.atomic.load (i32.const 1024)))
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (br_if $again (i32.and
        (i32.eqz (local.get $signal))
        (i64.lt_u (local.get $turns) (i64.const 0x80000000)))))
    (local.get $signal))
  (func $obey (export "obey") (result i32)
    (local $turns i64) (local $signal i32)
    (loop $again
      (if (local.tee $signal (i32.atomic.load (i32.const 1024)))
        (then
          (i64.store (i32.const 2048) (i64.or
            (i64.load (i32.const 2048))
            (i64.shl (i64.const 1) (i64.extend_i32_u
              (i32.sub (local.get $signal) (i32.const 1))))))
          (if (i32.eq (local.get $signal) (i32.const 9)) (then unreachable))))
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $turns) (i64.const 0x40000000))))
    (i32.const 1))
  (func $burn (export "burn") (result i32)
    (local $turns i64)
    (loop $again
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $turns) (i64.const 0x100000000))))
    (i32.const 1))
  (func (export "answer") (param $left i32) (result i32)
    (local $turns i64) (local $signal i32) (local $last i32)
    (loop $again
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (if (local.tee $signal
            (i32.atomic.rmw.xchg (i32.const 1024) (i32.const 0)))
        (then
          (local.set $last (local.get $signal))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))))
      (br_if $again (i32.and
        (i32.gt_s (local.get $left) (i32.const 0))
        (i64.lt_u (local.get $turns) (i64.const 0x40000000)))))
    (if (result i32) (local.get $left)
      (then (i32.const 0))
      (else (local.get $last))))
  (func (export "work") (param $turns i32) (result i32)
    (loop $again
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if $again (i32.gt_s (local.get $turns) (i32.const 0))))
    (local.get $turns))`

/** Catches everything; caught() returns whether it has caught something. */
const GUARDED = `
  (global $caught (mut i32) (i32.const 0))
  (func (export "guarded_obey")
    (try (do (drop (call $obey))) (catch_all (global.set $caught (i32.const 1)))))
  (func (export "guarded_burn")
    (try (do (drop (call $burn))) (catch_all (global.set $caught (i32.const 1)))))
  (func (export "caught") (result i32) (global.get $caught))`

/** Grows its memory by a page, if it can, and returns its size in pages. */
const GROWS = `
  (func (export "grow") (result i32)
    (drop (memory.grow (i32.const 1)))
    (memory.size))`

/** A program for WASI that never polls. */
const START = '(func (export "_start") (drop (call $burn)))'

const NAMED_ZERO = '(memory (import "env" "zero") 1)'
const RENAMED = '(memory (export "linear") 1)'
const HUGE = '(memory (export "memory") 32769)'
const TWO = '(memory (export "zero") 1) (memory (export "memory") 1)'
const OWN_64 = '(memory (export "memory") i64 1)'
const GROWING = '(memory (export "memory") 1 2000)'

/** Fills a megabyte when it is instantiated. */
const HEAVY = `(memory (export "memory") 16)
  (func $fill (memory.fill (i32.const 4096) (i32.const 7) (i32.const 1040000)))
  (start $fill)`

/** Words in a memory of their own, and their values before a host writes. */
const ownMemory = (limits) =>
  `(memory $own (export "__wasmsig_memory") ${limits})`
const ownStarts = (terminated = 0) => `
  (func $start
    (i32.store $own (i32.const 0) (i32.const ${STARTED}))
    (i32.store $own (i32.const 4) (i32.const ${terminated}))
    (i64.store $own (i32.const 8) (i64.const -1)))
  (start $start)`
const OWN_LOOPS = LOOPS.replaceAll(
  /(i32\.atomic\.[\w.]+) \(i32\.const 1024\)/g,
  '$1 $own (i32.const 0)'
)

/** Name of a guest -> the text inside its (module ...). */
export const GUESTS = {
  signal: [OWN, signal(), SIGNAL_STARTS, LOOPS],
  words: [OWN, signal(), terminated(), pending(), ALL_START, LOOPS],
  dead: [
    OWN,
    signal(),
    terminated(),
    startsAt(TERMINATED_AT, '\\07\\00\\00\\00')
  ],
  guarded: [OWN, signal(), LOOPS, GUARDED],
  plain: [OWN, SIGNAL_STARTS, LOOPS],
  program: [OWN, signal(), LOOPS, START],
  imported: [IMPORTED, signal(), SIGNAL_STARTS, LOOPS],
  'imported-zero': [NAMED_ZERO, signal(), SIGNAL_STARTS],
  shared: [SHARED, signal(), LOOPS],
  renamed: [RENAMED, signal(), SIGNAL_STARTS],
  two: [TWO, signal()],
  'memory-64': [OWN_64, word('__instance_signal', SIGNAL_AT, 'i64')],
  growing: [GROWING, signal(), LOOPS, GROWS],
  heavy: [HEAVY, signal()],
  high: [
    HUGE,
    signal('0x80000000'),
    startsAt('0x80000000', '\\ff\\ff\\00\\00')
  ],
  misaligned: [OWN, signal(1026), SIGNAL_STARTS],
  outside: [OWN, signal(65536), SIGNAL_STARTS],
  negative: [OWN, signal(-16), SIGNAL_STARTS],
  overlapping: [OWN, signal(), terminated(SIGNAL_AT), SIGNAL_STARTS],
  'half-bad': [OWN, signal(), terminated(1034), SIGNAL_STARTS],
  'not-an-address': [OWN, '(func (export "__instance_signal"))', SIGNAL_STARTS],
  'own-alone': [ownMemory('1 1'), ownStarts(7)],
  'own-beside': [OWN, ownMemory('1 1'), ownStarts(), OWN_LOOPS],
  'own-imported': [IMPORTED, ownMemory('1 1'), ownStarts(), OWN_LOOPS],
  'own-growing': [ownMemory('1 2'), ownStarts()],
  'own-global': [
    '(memory $own (export "m") 1 1)',
    word('__wasmsig_memory', 0),
    ownStarts()
  ],
  'without-memory': ['(memory 1)', signal(), SIGNAL_STARTS]
}
