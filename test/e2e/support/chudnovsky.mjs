// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * A third way to the digits of pi, so that neither the guest nor the example's
 * own checker is judged by itself (Chudnovsky, 1988):
 *
 *     426880 sqrt(10005) / pi =
 *       sum of (-1)^k (6k)! (13591409 + 545140134 k) / ((3k)! k!^3 640320^(3k))
 */

const GUARD_DIGITS = 20

/** @returns the first `count` digits, without the point: '314159...' */
export function digitsOfPi(count) {
  const one = 10n ** BigInt(count + GUARD_DIGITS)
  const root = squareRoot(10005n * one * one)
  return ((426880n * root * one) / series(one)).toString().slice(0, count)
}

function series(one) {
  let sum = 0n
  let term = one
  for (let k = 0n; term !== 0n;) {
    sum += term * (13591409n + 545140134n * k)
    k++
    // From one term to the next: (6k)! / ((3k)! k!^3), most of it cancelled.
    term *= -24n * (6n * k - 5n) * (2n * k - 1n) * (6n * k - 1n)
    term /= k ** 3n * 640320n ** 3n
  }
  return sum
}

/** Newton's method from above: it falls until it has arrived. */
function squareRoot(n) {
  let root = 1n << BigInt((n.toString(2).length / 2 + 1) | 0)
  for (;;) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}
