// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Times as `wasmsig workerd` reads them, in nanoseconds.

const { UsageError } = require('./errors.js')

const EXPECTED = 'expected a number and ns, us, ms, s or m, as in 250ms or 1.5s'
const UNITS = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n]
])
const LARGEST = 2n ** 63n - 1n

/** Exactly; a fraction of a nanosecond is dropped. */
function scaled(whole, fraction, unit) {
  const part = (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length)
  return BigInt(whole) * unit + part
}

/** '1.5ms' is 1500000n. Throws a UsageError that names the option. */
function parseTime(option, text) {
  const wrong = (what) => new UsageError(`${option}: '${text}' ${what}`)
  const match = /^(\d+)(?:\.(\d+))?(.*)$/s.exec(text)
  if (!match) throw wrong(`is not a time; ${EXPECTED}`)
  const [, whole, fraction = '', name] = match
  if (name === '') throw wrong(`has no unit; ${EXPECTED}`)
  const unit = UNITS.get(name)
  if (!unit) throw wrong(`has an unknown unit; ${EXPECTED}`)
  const ns = scaled(whole, fraction, unit)
  if (ns > LARGEST) {
    throw wrong('is too large; at most 9223372036s (292 years)')
  }
  if (ns === 0n) throw wrong('is 0; a limit is 1ns or more')
  return ns
}

/** Milliseconds as a number, which JavaScript and wrangler write. */
function fromMilliseconds(option, ms) {
  if (typeof ms !== 'number' || !(ms > 0) || !Number.isFinite(ms)) {
    throw new UsageError(`${option}: expected milliseconds above 0, got ${ms}`)
  }
  const ns = BigInt(Math.floor(ms * 1e6))
  if (ns > 0n && ns <= LARGEST) return ns
  throw new UsageError(`${option}: ${ms} is below 1e-6 or above 292 years`)
}

module.exports = { fromMilliseconds, parseTime }
