// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Unix signals and CPU limits for WebAssembly guests in AssemblyScript: a host
 * raises a signal, and the guest receives it in the middle of a loop.
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
 * which no engine may move out of a loop. The memory need not be shared.
 *
 * Why no signal is lost or delivered twice, at whatever moment the host raises:
 * it ORs a signal's bit into the pending set, then stores its number into the
 * signal word. A poll takes the word first, then the set. A bit that arrives
 * after that has its word stored after it too, and the next poll finds it. A word
 * whose bit was taken is no longer in the set, and has no meaning.
 *
 * A poll puts back signals that it does not deliver, in the order of the host:
 * into the set, then into the word, and there only if the word is 0. If the word
 * is not 0, another poll follows anyway, and finds the signals in the set. A
 * signal is in the set, held by one poll, or delivered. So it is delivered once
 * each time that the host ORs it in. A host that knows only the word leaves the
 * set at all ones: then a poll takes one signal, and puts none back.
 */

const UNHOSTED: u32 = 0xffff
const UNKNOWN: u64 = u64.MAX_VALUE
const MAX: i32 = 64

/** The signal word's address. It holds 0xffff until a host zeroes it. */
export const __instance_signal: usize = memory.data<u32>([0xffff])

/** The pending set's address: bit n-1 is signal n; all ones until a host zeroes it. */
export const __instance_signal_pending: usize = memory.data<u64>([
  0xffffffffffffffff
])

/** The handled set's address: what `on` and `want` have set. Hosts only read it. */
export const __instance_signal_handled: usize = memory.data<u64>([0])

/** The terminated word's address: not 0 when the instance can never run again. */
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

// Index n holds signal n's handler, or null. A function is a static object, which
// no garbage collector moves or frees: its address is enough.
const handlers: usize = memory.data(
  sizeof<usize>() * (MAX + 1),
  alignof<usize>()
)

/** The signals that the program takes from its polls. */
let wanted: u64 = 0

/** Waits since an earlier poll, which returned another signal. */
let passedOver: u64 = 0

/** Whether a poll found the word with its initial value ... */
let sawUnhosted = false
/** ... and whether a signal has arrived after that. */
let receivedSince = false

/**
 * Checks for signals. Returns the number of one that has arrived, acknowledged,
 * or 0 if there is none. Of several it returns the newest; the next polls return
 * the others before signals that arrive later. First it runs the handlers of all
 * signals that have arrived and have one, in ascending order: these signals are
 * acknowledged too. Never returns from SIGKILL: it executes `unreachable`.
 *
 * A handler may throw, or never return: the rest of the poll's work waits for the
 * next poll. A signal that a poll in a handler has returned is not returned again.
 */
// @ts-ignore: decorator
@inline
export function poll(): i32 {
  if (!atomic.load<u32>(__instance_signal)) return 0
  return deliver()
}

/**
 * Takes all signals that have arrived. Runs no handler. Bit n-1 is signal n; see
 * `has`. A host that knows only the signal word delivers only the newest.
 */
// @ts-ignore: decorator
@inline
export function pending(): u64 {
  if (!atomic.load<u32>(__instance_signal)) return 0
  take()
  passedOver = 0
  return taken
}

/** Whether `signal` is in the result of `pending`. */
export function has(signals: u64, signal: i32): bool {
  return (signals & bit(signal)) != 0
}

/**
 * Sets the handler of a signal, null for none. Returns the previous one. For
 * SIGKILL, and a number outside 1..64, it has no effect and returns null.
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
 * Declares which signals the program takes from `poll` or `pending` and acts on:
 * a host cannot see how the program uses the result. A signal that has no handler
 * and is not in this set has its usual effect: SIGTERM, SIGHUP and others end the
 * process at once, SIGINT at the second time. Bit n-1 is signal n. The set replaces
 * the previous one, which is returned. SIGKILL in it has no effect.
 */
export function want(signals: u64): u64 {
  const before = wanted
  wanted = signals & ~bit(Signal.KILL)
  sayHandled(before | wanted)
  return before
}

/** Updates the handled set for these signals. */
function sayHandled(which: u64): void {
  let handled = which & wanted
  for (let rest = which; rest; rest &= rest - 1)
    if (handlerOf(lowest(rest))) handled |= rest & -rest
  const others = atomic.load<u64>(__instance_signal_handled) & ~which
  atomic.store<u64>(__instance_signal_handled, others | handled)
}

/**
 * Whether a host that delivers signals runs this instance. A poll in the module's
 * start function runs before the host can write to the words. After such a poll, a
 * host that knows only the signal word is recognised by its first signal.
 */
export function isHosted(): bool {
  const word = atomic.load<u32>(__instance_signal)
  if (word == UNHOSTED) return false
  if (word || !sawUnhosted || receivedSince) return true
  return atomic.load<u64>(__instance_signal_pending) != UNKNOWN
}

/** The result of `take`. */
let taken: u64 = 0

/**
 * What a poll does when the word is not 0. While a handler runs, the other signals
 * wait as if the host had just raised them. A poll inside the handler may deliver
 * them, and none is lost if the handler never returns.
 */
function deliver(): i32 {
  const chosen = choose(take())
  if (!chosen) return 0
  let handled: u64 = 0
  for (let rest = taken; rest; rest &= rest - 1)
    if (handlerOf(lowest(rest))) handled |= rest & -rest
  passOver(taken & ~(handled | bit(chosen)))
  let result = 0
  let rest = handled | bit(chosen)
  while (rest & handled) {
    const signal = lowest(rest & handled)
    const handler = handlerOf(signal)
    rest &= ~bit(signal)
    if (signal == chosen) result = chosen
    if (handler) {
      putBack(rest)
      changetype<Handler>(handler)(signal)
      rest = withdraw(rest)
    } else if (signal != chosen) putBack(bit(signal)) // removed by an earlier handler
  }
  return rest ? chosen : result
}

/**
 * One that an earlier poll passed over, if there is one, else the newest.
 * Otherwise a signal that arrives between any two polls, such as a timer's, would
 * hide an older one for ever.
 */
function choose(newest: i32): i32 {
  const waited = taken & passedOver
  return waited ? lowest(waited) : newest
}

/**
 * All signals passed over are returned before others are added to them, so none
 * waits for more than 127 polls.
 */
function passOver(signals: u64): void {
  const before = signals & passedOver
  passedOver = before ? before : signals
  putBack(signals)
}

/** Takes those that no poll has taken since they were put back. */
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
  // An exchange: a signal between a load and a store would be lost.
  const word = atomic.xchg<u32>(__instance_signal, 0)
  if (word == UNHOSTED) {
    sawUnhosted = true
    receivedSince = false
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
  receivedSince = true
  return taken & named ? word : lowest(taken)
}

function bit(signal: i32): u64 {
  return signal >= 1 && signal <= MAX ? (<u64>1) << (signal - 1) : 0
}
