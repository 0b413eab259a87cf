// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Unix signals and CPU limits for WebAssembly guests in AssemblyScript: a host
 * raises a signal, and the guest hears it in the middle of a loop.
 *
 * ```ts
 * import { poll, Signal } from 'wasmsig-guest'
 *
 * // In the entry file, whose exports are the module's. Hosts look for these.
 * export {
 *   __instance_signal,
 *   __instance_signal_pending,
 *   __instance_terminated
 * } from 'wasmsig-guest'
 *
 * export function primesBelow(limit: i32): i32[] {
 *   const primes: i32[] = []
 *   for (let n = 2; n < limit; n++) {
 *     if (isPrime(n)) primes.push(n)
 *     if (poll() == Signal.XCPU) break // nearly out of CPU time
 *   }
 *   return primes
 * }
 * ```
 *
 * Compile with `--enable threads`: a poll is the instruction i32.atomic.load,
 * so that no engine may lift it out of a loop. The memory need not be shared.
 *
 * Why nothing is lost and nothing comes twice: a host ORs a signal's bit into
 * the pending set, then stores its number into the signal word. We take the
 * word first, then the set. A bit that comes after that has its word after it
 * too, and the next poll finds it; a word whose bit was taken finds the set
 * empty.
 */

const UNHOSTED: u32 = 0xffff
const UNKNOWN: u64 = u64.MAX_VALUE
const MAX: i32 = 64

/** The signal word's address. It holds 0xffff until a host zeroes it. */
export const __instance_signal: usize = memory.data<u32>([0xffff])

/** The pending set's: bit n-1 is signal n; all ones until a host zeroes it. */
export const __instance_signal_pending: usize = memory.data<u64>([
  0xffffffffffffffff
])

/** The terminated word's: not 0 when the instance can never run again. */
export const __instance_terminated: usize = memory.data<u32>([0])

/** Numbers of Linux on x86-64, on every host. */
export enum Signal {
  HUP = 1,
  INT = 2,
  QUIT = 3,
  ILL = 4,
  TRAP = 5,
  ABRT = 6,
  BUS = 7,
  FPE = 8,
  KILL = 9,
  USR1 = 10,
  SEGV = 11,
  USR2 = 12,
  PIPE = 13,
  ALRM = 14,
  TERM = 15,
  STKFLT = 16,
  CHLD = 17,
  CONT = 18,
  STOP = 19,
  TSTP = 20,
  TTIN = 21,
  TTOU = 22,
  URG = 23,
  XCPU = 24,
  XFSZ = 25,
  VTALRM = 26,
  PROF = 27,
  WINCH = 28,
  IO = 29,
  PWR = 30,
  SYS = 31
}

/** Runs inside `poll`, like any function that it calls; it may poll, too. */
export type Handler = (signal: i32) => void

// What stands at index n is signal n's handler, or null. A function is a static
// object, which no garbage collector moves or frees: its address is enough.
const handlers: usize = memory.data(
  sizeof<usize>() * (MAX + 1),
  alignof<usize>()
)

/** Whether a poll found the word as no host leaves it ... */
let sawUnhosted = false
/** ... and whether a signal has come after that. */
let heardSince = false

/**
 * Asks whether a signal has come; acknowledges all that have, runs their
 * handlers in ascending order, and returns the newest; 0 if there is none.
 * Never returns from SIGKILL: it executes `unreachable`.
 */
// @ts-ignore: decorator
@inline
export function poll(): i32 {
  if (!atomic.load<u32>(__instance_signal)) return 0
  return deliver()
}

/**
 * Takes all signals that have come, and leaves what to do to the caller: no
 * handler runs. Bit n-1 is signal n; see `has`. A host that knows only the
 * signal word delivers the newest alone.
 */
// @ts-ignore: decorator
@inline
export function pending(): u64 {
  if (!atomic.load<u32>(__instance_signal)) return 0
  take()
  return taken
}

/** Whether `signal` is in what `pending` returned. */
export function has(signals: u64, signal: i32): bool {
  return (signals & bit(signal)) != 0
}

/**
 * Sets the handler of a signal, null for none, and returns the one that stood
 * before. SIGKILL, and a number outside 1..64, is left alone and answered with
 * null.
 */
export function on(signal: i32, handler: Handler | null): Handler | null {
  if (signal < 1 || signal > MAX || signal == Signal.KILL) return null
  const slot = handlers + (<usize>signal) * sizeof<usize>()
  const before = load<usize>(slot)
  store<usize>(slot, changetype<usize>(handler))
  return changetype<Handler | null>(before)
}

/**
 * Whether a host that delivers signals runs this instance. After a poll in the
 * module's start function, which comes before the host had its turn, a host
 * that knows only the signal word is recognised by its first signal.
 */
export function isHosted(): bool {
  const word = atomic.load<u32>(__instance_signal)
  if (word == UNHOSTED) return false
  if (word || !sawUnhosted || heardSince) return true
  return atomic.load<u64>(__instance_signal_pending) != UNKNOWN
}

/** What `take` found. */
let taken: u64 = 0

/** What a poll does when the word is not 0. */
function deliver(): i32 {
  const newest = take()
  for (let rest = taken; rest; rest &= rest - 1) {
    const signal = <i32>ctz(rest) + 1
    const handler = load<usize>(handlers + (<usize>signal) * sizeof<usize>())
    if (handler) changetype<Handler>(handler)(signal)
  }
  return newest
}

/** Returns the newest signal or 0, and leaves all in `taken`. */
function take(): i32 {
  taken = 0
  // By exchange: between a load and a store a signal could be lost.
  const word = atomic.xchg<u32>(__instance_signal, 0)
  if (word == UNHOSTED) {
    sawUnhosted = true
    heardSince = false
    return 0
  }
  if (word == Signal.KILL) unreachable()
  const named: u64 = word <= <u32>MAX ? bit(word) : 0
  if (atomic.load<u64>(__instance_signal_pending) == UNKNOWN) {
    taken = named
  } else {
    taken = atomic.xchg<u64>(__instance_signal_pending, 0)
    if (has(taken, Signal.KILL)) unreachable()
  }
  if (!taken) return 0
  heardSince = true
  return taken & named ? word : <i32>ctz(taken) + 1
}

function bit(signal: i32): u64 {
  return signal >= 1 && signal <= MAX ? (<u64>1) << (signal - 1) : 0
}
