// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Ways to spend CPU time, and to catch errors. */
import { CpuBudget } from 'wasmsig'

/** JavaScript that runs far too long: some seconds. */
export function loopJs() {
  let turns = 0
  while (turns < 1e10) turns += 1
  return turns
}

/** Runs JavaScript until the thread has spent this much CPU time. */
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
