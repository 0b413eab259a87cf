// SPDX-License-Identifier: Apache-2.0 OR MIT
/** An endless plugin. It never checks for signals. */
export function run(n: i32): i32 {
  while (true) n++
  return n
}
