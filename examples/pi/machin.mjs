// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Digits of pi by another formula than the guest's, to check its result:
 * pi = 16 arctan(1/5) - 4 arctan(1/239), in fixed point (Machin, 1706).
 */

/** Far more than the rounding errors of all divisions add up to. */
const GUARD_DIGITS = 20

/** @returns the first `count` digits, without the point: '314159...' */
export function piDigits(count) {
  const one = 10n ** BigInt(count + GUARD_DIGITS)
  const pi = 16n * arctanOfInverse(5n, one) - 4n * arctanOfInverse(239n, one)
  return pi.toString().slice(0, count)
}

/** 1/x - 1/(3 x^3) + 1/(5 x^5) - ..., in units of 1/one */
function arctanOfInverse(x, one) {
  const square = x * x
  let sum = 0n
  let power = one / x
  for (let n = 1n; power > 0n; n += 2n) {
    sum += n % 4n === 1n ? power / n : -power / n
    power /= square
  }
  return sum
}
