// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A quick plugin: the square of n. */
export function run(n: i32): i32 {
  return n * n
}
