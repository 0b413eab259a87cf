// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The tools of a check, for all hosts. */
import { PENDING_AT, SIGNAL_AT, TERMINATED_AT } from './guests.mjs'

/** A promise that was not kept, and why. */
export class Broken extends Error {}

/** A promise that was mostly kept, and what was not. */
export class Partly extends Error {}

export function check(condition, complaint) {
  if (!condition) throw new Broken(complaint)
}

/** Checks that `what` is `expected`. */
export function same(what, actual, expected) {
  check(
    Object.is(actual, expected),
    `${what} was ${String(actual)}, not ${String(expected)}`
  )
}

export function partly(complaint) {
  throw new Partly(complaint)
}

/** The error that `fn` throws; undefined if it returns. */
export function caught(fn) {
  try {
    fn()
  } catch (error) {
    return error
  }
}

const AT = {
  signal: SIGNAL_AT,
  terminated: TERMINATED_AT,
  pending: PENDING_AT
}

function bufferOf(owner) {
  const memory =
    owner instanceof WebAssembly.Memory ? owner : owner.exports.memory
  return memory.buffer
}

/** The value of a word of an instance or a memory. */
export function read(owner, word) {
  return word === 'pending'
    ? new BigUint64Array(bufferOf(owner))[AT[word] / 8]
    : new Uint32Array(bufferOf(owner))[AT[word] / 4]
}

export function write(owner, word, value) {
  if (word === 'pending') {
    new BigUint64Array(bufferOf(owner))[AT[word] / 8] = value
  } else {
    new Uint32Array(bufferOf(owner))[AT[word] / 4] = value
  }
}

/** JavaScript without calls, which ends by itself after about a second. */
export function loop() {
  let turns = 0
  while (turns < 2e9) turns += 1
  return turns
}

export function sharedMemory() {
  return new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true })
}

/** Sleeps and uses no CPU time. */
export function sleep(milliseconds) {
  const word = new Int32Array(new SharedArrayBuffer(4))
  Atomics.wait(word, 0, 0, milliseconds)
}

/** The verdict on a check that ended with this error, or without one. */
export function verdictOf(error) {
  if (error === undefined) return { verdict: 'kept' }
  if (error instanceof Partly) return { verdict: 'partly', why: error.message }
  if (error instanceof Broken) return { verdict: 'broken', why: error.message }
  const [line] = String(error?.message ?? error).split('\n')
  const [missing] = line.match(/[\w.]+ is not a function/) ?? []
  const why = missing ?? `${error?.name ?? 'thrown'}: ${line}`
  return { verdict: 'broken', why }
}

export const TOOLS = {
  caught,
  check,
  loop,
  partly,
  read,
  same,
  sharedMemory,
  sleep,
  write
}
