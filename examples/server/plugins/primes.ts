// SPDX-License-Identifier: Apache-2.0 OR MIT
import { poll, Signal } from 'wasmsig-guest'

// Hosts find the signal words by these exports.
export {
  __instance_signal,
  __instance_signal_handled,
  __instance_signal_pending,
  __instance_terminated
} from 'wasmsig-guest'

/** 1 after a run that has returned early. */
export let isPartial: i32 = 0

function isPrime(n: i32): bool {
  for (let d = 2; d <= n / d; d++) if (n % d == 0) return false
  return true
}

/** A greedy plugin: counts the primes below n, or those it has time for. */
export function run(n: i32): i32 {
  let count = 0
  for (let i = 2; i < n; i++) {
    const signal = poll()
    if (signal == Signal.XCPU || signal == Signal.TERM) {
      isPartial = 1
      break
    }
    if (isPrime(i)) count++
  }
  return count
}
