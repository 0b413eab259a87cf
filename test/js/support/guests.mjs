// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Guests for tests, written as text. No loop here is endless: if the host fails
 * to stop a guest, the test fails some seconds later, and does not hang.
 */
import initialise from 'wabt'

const wabt = await initialise()

export const SIGNAL = '__instance_signal'
export const TERMINATED = '__instance_terminated'
export const PENDING = '__instance_signal_pending'

/** The addresses of the guests' words, and their first values. */
const WORDS = {
  signal: { name: SIGNAL, address: 1024, start: '\\ff\\ff\\00\\00' },
  terminated: { name: TERMINATED, address: 1032, start: '\\00\\00\\00\\00' },
  pending: {
    name: PENDING,
    address: 1040,
    start: '\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff'
  },
  handled: {
    name: '__instance_signal_handled',
    address: 1048,
    start: '\\00\\00\\00\\00\\00\\00\\00\\00'
  }
}

const isSet = (word) => word === 'pending' || word === 'handled'

export const OWN = '(memory (export "memory") 1)'
export const IMPORTED = '(memory (import "env" "memory") 1)'
export const SHARED = '(memory (import "env" "memory") 1 16 shared)'
export const OWN_SHARED = '(memory (export "memory") 1 16 shared)'
export const NONE = ''

/**
 * spin    polls until it receives a signal, and returns it (0: none came)
 * burn    never polls
 * work    never polls, loops as often as its argument says
 * answer  takes that many signals, storing 0 each time, and counts them at
 *         address 2048; returns the last
 */
const LOOPS = `
  (func (export "spin") (result i32)
    (local $turns i64) (local $signal i32)
    (loop $again
      (local.set $signal (i32.atomic.load (i32.const 1024)))
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (br_if $again (i32.and
        (i32.eqz (local.get $signal))
        (i64.lt_u (local.get $turns) (i64.const 0x100000000)))))
    (local.get $signal))
  (func (export "burn") (result i64)
    (local $turns i64)
    (loop $again
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (br_if $again
        (i64.lt_u (local.get $turns) (i64.const 0x200000000))))
    (local.get $turns))
  (func (export "work") (param $turns i32) (result i32)
    (loop $again
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if $again (i32.gt_s (local.get $turns) (i32.const 0))))
    (local.get $turns))
  (func (export "answer") (param $left i32) (result i32)
    (local $turns i64) (local $signal i32) (local $last i32)
    (loop $again
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (if (local.tee $signal
            (i32.atomic.rmw.xchg (i32.const 1024) (i32.const 0)))
        (then
          (local.set $last (local.get $signal))
          (drop (i32.atomic.rmw.add (i32.const 2048) (i32.const 1)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))))
      (br_if $again (i32.and
        (i32.gt_s (local.get $left) (i32.const 0))
        (i64.lt_u (local.get $turns) (i64.const 0x40000000)))))
    (if (result i32) (local.get $left)
      (then (i32.const 0))
      (else (local.get $last))))`

/** The binary of a module given as text. */
export function assemble(text) {
  const features = {
    threads: true,
    multi_memory: true,
    mutable_globals: true,
    exceptions: true
  }
  const module = wabt.parseWat('guest.wat', text, features)
  try {
    return new Uint8Array(module.toBinary({}).buffer)
  } finally {
    module.destroy()
  }
}

/**
 * The binary of a guest.
 *
 * words     which it exports
 * memory    the text of its memory
 * started   whether its words start with the values above, like those of real
 *           modules (otherwise 0)
 * dead      whether its terminated word starts at 1
 * code      more text
 */
export function guest({
  words = ['signal'],
  memory = OWN,
  started = true,
  dead = false,
  code = ''
} = {}) {
  const parts = words.map((word) => {
    const { name, address, start } = WORDS[word]
    const value = word === 'terminated' && dead ? '\\01\\00\\00\\00' : start
    const global = `(global (export "${name}") i32 (i32.const ${address}))`
    return started
      ? `${global}(data (i32.const ${address}) "${value}")`
      : global
  })
  const loops = memory === NONE ? '' : LOOPS
  return assemble(`(module ${memory} ${parts.join('\n')} ${loops} ${code})`)
}

/** An instance of guest(options). */
export function instantiate(options, imports) {
  const module = new WebAssembly.Module(guest(options))
  return new WebAssembly.Instance(module, imports)
}

/** The value of a word of an instance, or of a memory. */
export function read(owner, word) {
  const memory =
    owner instanceof WebAssembly.Memory ? owner : owner.exports.memory
  const { address } = WORDS[word]
  return isSet(word)
    ? new BigUint64Array(memory.buffer)[address / 8]
    : new Uint32Array(memory.buffer)[address / 4]
}

export function write(owner, word, value) {
  const memory =
    owner instanceof WebAssembly.Memory ? owner : owner.exports.memory
  const { address } = WORDS[word]
  if (isSet(word)) new BigUint64Array(memory.buffer)[address / 8] = value
  else new Uint32Array(memory.buffer)[address / 4] = value
}
