// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What a test asks of a guest, one export each. */
import {
  Signal,
  has,
  isHosted,
  on,
  pending,
  poll,
  want as wantThese
} from 'wasmsig-guest'

export {
  __instance_signal,
  __instance_signal_handled,
  __instance_signal_pending,
  __instance_terminated
} from 'wasmsig-guest'

let times: i32 = 0
let newest: i32 = 0

function remember(signal: i32): void {
  times++
  newest = signal
}

function rememberAndPoll(signal: i32): void {
  remember(signal)
  poll()
}

function crash(_: i32): void {
  throw new Error('in a handler')
}

/** A loop with nothing in it but the poll. */
export function spin(): i32 {
  let signal: i32 = 0
  while (!signal) signal = poll()
  return signal
}

/** A loop that does something, `turns` times or until a signal comes. */
export function count(turns: i32): i32 {
  let done: i32 = 0
  while (done < turns) {
    done++
    if (poll()) break
  }
  return done
}

/** The loop of the README; returns how many polls it took. */
export function until_xcpu(): i32 {
  let polls: i32 = 1
  while (poll() != Signal.XCPU) polls++
  return polls
}

/** A loop beside garbage, so that a collector is there, too. */
export function concatenate(): i32 {
  let words: string[] = []
  while (!poll()) {
    words.push('a' + words.length.toString())
    if (words.length > 1000) words = []
  }
  return words.length
}

export function poll_once(): i32 {
  return poll()
}

export function take_pending(): u64 {
  return pending()
}

export function holds(signals: u64, signal: i32): bool {
  return has(signals, signal)
}

export function hosted(): bool {
  return isHosted()
}

/** Whether there was a handler; sets one that remembers the signal. */
export function listen(signal: i32): bool {
  return on(signal, remember) != null
}

/** Returns what was wanted before. */
export function want(signals: u64): u64 {
  return wantThese(signals)
}

export function stop_listening(signal: i32): bool {
  return on(signal, null) != null
}

/** Calls the handler itself, which `on` gives back. */
export function call_handler(signal: i32): void {
  const handler = on(signal, null)
  if (handler) handler(signal)
}

export function listen_and_poll(signal: i32): void {
  on(signal, rememberAndPoll)
}

export function listen_and_panic(signal: i32): void {
  on(signal, crash)
}

/** How many signals the handlers have heard. */
export function heard(): i32 {
  return times
}

/** The last of them. */
export function last(): i32 {
  return newest
}
