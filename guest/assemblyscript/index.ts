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
 *   __instance_signal_handled,
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
 * Why nothing is lost and nothing comes twice, whenever the host raises: it ORs
 * a signal's bit into the pending set, then stores its number into the signal
 * word. We take the word first, then the set. A bit that comes after that has
 * its word after it too, and the next poll finds it; a word whose bit was taken
 * is not in the set, and says nothing.
 *
 * What nobody heard is put back the host's way: into the set, then into the
 * word, there only if the word is 0. If it is not, a poll follows anyway, and
 * finds in the set what was put there before. A signal is in the set, in the
 * hands of one poll, or heard: so it is heard once each time that the host ORs
 * it in. A host that knows the word alone leaves the set at all ones: then a
 * poll takes one signal, and puts nothing back.
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

/** The handled set's: what `on` and `want` have set. Hosts read it alone. */
export const __instance_signal_handled: usize = memory.data<u64>([0])

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

/** What the program says that it takes from polls. */
let wanted: u64 = 0

/** What waits since an earlier poll, which answered another. */
let passedOver: u64 = 0

/** Whether a poll found the word as no host leaves it ... */
let sawUnhosted = false
/** ... and whether a signal has come after that. */
let heardSince = false

/**
 * Asks whether a signal has come, and returns its number, acknowledged, or 0 if
 * none has. Of several it returns the newest; the next polls return the others,
 * before what comes meanwhile. First it runs the handlers of all that have come
 * and have one, in ascending order: these signals are acknowledged too. Never
 * returns from SIGKILL: it executes `unreachable`.
 *
 * A handler may throw, or never return: what the poll had still to do waits for
 * the next. What a poll in a handler has told is not told again.
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
  passedOver = 0
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
  sayHandled(bit(signal))
  return changetype<Handler | null>(before)
}

/**
 * Says which signals the program takes from `poll` or `pending`, and acts on: a
 * host cannot see what becomes of an answer. A signal that would end a process
 * does so if it has no handler and is not in this set: SIGTERM, SIGHUP and the
 * like at once, SIGINT at the second time. Bit n-1 is signal n. The set takes
 * the place of the one before, which is returned; SIGKILL is left out.
 */
export function want(signals: u64): u64 {
  const before = wanted
  wanted = signals & ~bit(Signal.KILL)
  sayHandled(before | wanted)
  return before
}

/** Puts what is so now of these signals into the handled set. */
function sayHandled(which: u64): void {
  let handled = which & wanted
  for (let rest = which; rest; rest &= rest - 1)
    if (handlerOf(lowest(rest))) handled |= rest & -rest
  const others = atomic.load<u64>(__instance_signal_handled) & ~which
  atomic.store<u64>(__instance_signal_handled, others | handled)
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

/**
 * What a poll does when the word is not 0. While a handler runs, what is still
 * to be done waits as if the host had just raised it: a poll inside may do it,
 * and who never comes back loses nothing.
 */
function deliver(): i32 {
  const told = choose(take())
  if (!told) return 0
  let handled: u64 = 0
  for (let rest = taken; rest; rest &= rest - 1)
    if (handlerOf(lowest(rest))) handled |= rest & -rest
  passOver(taken & ~(handled | bit(told)))
  let answer = 0
  let rest = handled | bit(told)
  while (rest & handled) {
    const signal = lowest(rest & handled)
    const handler = handlerOf(signal)
    rest &= ~bit(signal)
    if (signal == told) answer = told
    if (handler) {
      putBack(rest)
      changetype<Handler>(handler)(signal)
      rest = withdraw(rest)
    } else if (signal != told) putBack(bit(signal)) // removed by an earlier one
  }
  return rest ? told : answer
}

/**
 * One that an earlier poll passed over, if there is one, else the newest.
 * Otherwise a signal that comes between any two polls, as a timer's, would hide
 * an older one for ever.
 */
function choose(newest: i32): i32 {
  const waited = taken & passedOver
  return waited ? lowest(waited) : newest
}

/**
 * Those passed over before are all answered before others are added to them, so
 * none waits more than 127 polls.
 */
function passOver(signals: u64): void {
  const before = signals & passedOver
  passedOver = before ? before : signals
  putBack(signals)
}

/** Those that nobody has taken since they were put back. */
function withdraw(signals: u64): u64 {
  if (!signals) return 0
  return signals & atomic.and<u64>(__instance_signal_pending, ~signals)
}

function putBack(signals: u64): void {
  if (!signals) return
  atomic.or<u64>(__instance_signal_pending, signals)
  atomic.cmpxchg<u32>(__instance_signal, 0, lowest(signals))
}

// @ts-ignore: decorator
@inline
function handlerOf(signal: i32): usize {
  return load<usize>(handlers + (<usize>signal) * sizeof<usize>())
}

function lowest(signals: u64): i32 {
  return <i32>ctz(signals) + 1
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
  return taken & named ? word : lowest(taken)
}

function bit(signal: i32): u64 {
  return signal >= 1 && signal <= MAX ? (<u64>1) << (signal - 1) : 0
}
