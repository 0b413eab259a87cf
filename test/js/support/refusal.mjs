// SPDX-License-Identifier: Apache-2.0 OR MIT
/** How bad arguments must be refused. */
import assert from 'node:assert/strict'

export const TYPE = 'ERR_WASMSIG_INVALID_ARG_TYPE'
export const RANGE = 'ERR_WASMSIG_OUT_OF_RANGE'
export const SIGNAL = 'ERR_WASMSIG_UNKNOWN_SIGNAL'

const CLASSES = {
  [TYPE]: [TypeError],
  [RANGE]: [RangeError],
  [SIGNAL]: [TypeError, RangeError]
}

/**
 * Asserts that `action` throws an argument error with one of `codes` whose
 * message matches `names`, the value that was passed.
 */
export function refused(action, codes, names) {
  assert.throws(action, (error) => {
    const allowed = [codes].flat()
    assert.ok(allowed.includes(error.code), `${error.code}: ${error.message}`)
    assert.ok(CLASSES[error.code].includes(error.constructor), error.name)
    assert.match(error.message, names)
    return true
  })
}

/** Values that are no number: their names here, and in a message. */
export const NOT_NUMBERS = [
  ['a numeric string', '5', /'5'|"5"|string/],
  ['a BigInt', 5n, /5n|bigint/i],
  ['a symbol', Symbol('five'), /Symbol|symbol/],
  ['null', null, /null/],
  ['true', true, /true|boolean/],
  ['an object with valueOf', { valueOf: () => 5 }, /object|\{/i],
  ['an array', [5], /array|object|\[/i],
  ['a function', () => 5, /function/i]
]

/** Numbers that are no amount of time. */
export const NOT_AMOUNTS = [
  ['negative', -1, /-1/],
  ['0', 0, /\b0/],
  ['-0', -0, /\b0/],
  ['NaN', NaN, /NaN/],
  ['Infinity', Infinity, /Infinity/],
  ['-Infinity', -Infinity, /-Infinity/]
]

/** Strings that name no signal, including those of Object.prototype. */
export const NOT_NAMES = [
  'SIGNOPE',
  'sigint',
  'INT',
  'SIGINT ',
  '2',
  'toString',
  'constructor',
  '__proto__'
]

export const NOT_SIGNAL_NUMBERS = [0, -1, 65, 1.5, NaN, Infinity]

export const NOT_SIGNALS = [
  ['null', null, /null/],
  ['a BigInt', 2n, /2n|bigint/i],
  ['a symbol', Symbol('SIGINT'), /Symbol|symbol/],
  ['true', true, /true|boolean/],
  ['an object', { toString: () => 'SIGINT' }, /object|\{/i],
  ['an array', ['SIGINT'], /array|object|\[/i]
]
