// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * A guest that computes decimal digits of pi until a signal ends the work.
 *
 * The same guest as examples/pi/pi.c, which says why no wrong digit is ever
 * written: each is final at once, so an interrupted guest has a result.
 */
import { Signal, on, poll } from 'wasmsig-guest'

export {
  __instance_signal,
  __instance_signal_handled,
  __instance_signal_pending,
  __instance_terminated
} from 'wasmsig-guest'

const DIGITS: i32 = 16000
/** Enough for DIGITS: see hasRoom, which does not rely on it. */
const LIMBS: i32 = 25856

/** Reports to the host, in the middle of a loop, that the signal arrived. */
// @ts-ignore: decorator
@external('host', 'received')
declare function reportToHost(signal: i32, count: i32): void

/* Least significant limb first. The three numbers share one length. */
const low = new StaticArray<u32>(LIMBS)
const width = new StaticArray<u32>(LIMBS)
const scale = new StaticArray<u32>(LIMBS)
let length: i32 = 0

let term: u32 = 0
let digit: u8 = 0

const written = new StaticArray<u8>(DIGITS)
let count: i32 = 0

let stopping: bool = false

function start(): void {
  low[0] = 3
  width[0] = 1
  scale[0] = 1
  length = 1
  term = 1
  digit = 0
  count = 0
}

/* A term and a written digit make the numbers at most one limb longer each. */
function hasRoom(): bool {
  return count < DIGITS && length <= LIMBS - 2
}

function append(lowLimb: u64, widthLimb: u64, scaleLimb: u64): void {
  if (!(lowLimb | widthLimb | scaleLimb)) return
  low[length] = <u32>lowLimb
  width[length] = <u32>widthLimb
  scale[length] = <u32>scaleLimb
  length++
}

/* No sum overflows: the factors are below 2^18, a limb is below 2^32. */
function takeInTerm(): void {
  const k: u64 = term++
  const n = length
  let lowCarry: u64 = 0
  let widthCarry: u64 = 0
  let scaleCarry: u64 = 0
  for (let i = 0; i < n; i++) {
    lowCarry += (2 * k + 1) * low[i] + (k - 1) * width[i]
    widthCarry += k * width[i]
    scaleCarry += (2 * k + 1) * scale[i]
    low[i] = <u32>lowCarry
    width[i] = <u32>widthCarry
    scale[i] = <u32>scaleCarry
    lowCarry >>= 32
    widthCarry >>= 32
    scaleCarry >>= 32
    poll()
  }
  append(lowCarry, widthCarry, scaleCarry)
}

function lowReachesScale(): bool {
  let i = length - 1
  while (i > 0 && low[i] == scale[i]) i--
  return low[i] >= scale[i]
}

function takeScaleOffLow(): void {
  const n = length
  let borrow: u64 = 0
  for (let i = 0; i < n; i++) {
    const rest = <u64>low[i] - scale[i] - borrow
    low[i] = <u32>rest
    borrow = rest >> 63
    poll()
  }
}

/* Whether low + width < scale, nearly always from the first limbs alone. */
function isCertain(): bool {
  let margin: i64 = 0
  for (let i = length - 1; i >= 0; i--) {
    margin = (margin << 32) + <i64>scale[i] - <i64>low[i] - <i64>width[i]
    if (margin < 0) return false
    if (margin >= 2) return true
  }
  return margin > 0
}

function writeDigit(): void {
  const n = length
  let lowCarry: u64 = 0
  let widthCarry: u64 = 0
  written[count++] = 48 + digit
  digit = 0
  for (let i = 0; i < n; i++) {
    lowCarry += 10 * <u64>low[i]
    widthCarry += 10 * <u64>width[i]
    low[i] = <u32>lowCarry
    width[i] = <u32>widthCarry
    lowCarry >>= 32
    widthCarry >>= 32
    poll()
  }
  append(lowCarry, widthCarry, 0)
}

/* Computes until a handler says stop, or until there is no more room. */
function compute(): void {
  start()
  stopping = false
  while (!stopping && hasRoom()) {
    takeInTerm()
    while (lowReachesScale()) {
      takeScaleOffLow()
      digit++
    }
    if (isCertain()) writeDigit()
  }
}

function stop(signal: i32): void {
  reportToHost(signal, count)
  stopping = true
}

/* Hears it, and does nothing about it. */
function shrug(signal: i32): void {
  reportToHost(signal, count)
}

function computeUntil(signal: i32): i32 {
  const before = on(signal, stop)
  compute()
  on(signal, before)
  return count
}

/** Returns how many digits there are when SIGXCPU has come, or at capacity. */
export function until_sigxcpu(): i32 {
  return computeUntil(Signal.XCPU)
}

/** The same, for SIGINT. */
export function until_sigint(): i32 {
  return computeUntil(Signal.INT)
}

/** The same work by a guest that will not stop: at capacity it starts again. */
export function ignoring_sigxcpu(): void {
  on(Signal.XCPU, shrug)
  while (true) compute()
}

/** Where the digits are: ASCII, without the decimal point. */
export function digits(): usize {
  return changetype<usize>(written)
}

export function capacity(): i32 {
  return DIGITS
}

/** Next to no work: what a call costs is what the host adds. */
export function echo(value: i32): i32 {
  return value
}
