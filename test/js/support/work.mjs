// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Ways to spend CPU time, and to catch what comes of it. */
import { CpuBudget } from 'wasmsig'

/** JavaScript that never ends, within reason: some seconds. */
export function loopJs() {
  let turns = 0
  while (turns < 1e10) turns += 1
  return turns
}

/** Runs JavaScript until this much CPU time of the thread is spent. */
export function spend(milliseconds) {
  const measure = new CpuBudget({ measure: true })
  measure.run(() => {
    while (measure.used < milliseconds);
  })
  return measure.used
}

/** What `fn` throws; undefined if it returns. */
export function caught(fn) {
  try {
    fn()
  } catch (error) {
    return error
  }
}

/** Sleeps without using CPU time. */
export function sleep(milliseconds) {
  const word = new Int32Array(new SharedArrayBuffer(4))
  Atomics.wait(word, 0, 0, milliseconds)
}
