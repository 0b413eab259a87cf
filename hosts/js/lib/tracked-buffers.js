// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// track(): words that no module exports, in typed arrays. Checks the arrays,
// and makes the errors.

const native = require('./native.js')
const {
  detachableError,
  overlapError,
  rangeError,
  typeError
} = require('./errors.js')
const { InterruptBuffer } = require('./interrupt-buffer.js')
const {
  Uint8Array,
  getterOf,
  viewBuffer,
  viewKind,
  viewLength,
  viewOffset
} = require('./primordials.js')
const { isSharedArrayBuffer } = require('node:util').types

const WORD_BYTES = 4
const ABSENT = -1

const canResize = Object.hasOwn(ArrayBuffer.prototype, 'resizable')
const isResizable = canResize
  ? getterOf(ArrayBuffer.prototype, 'resizable')
  : () => false

const INTEGERS = new Set([
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array'
])

/**
 * Whether the addon can forbid that a buffer is transferred. Older versions of
 * Node abort when code tries: structuredClone in Node 20,
 * ArrayBuffer.prototype.transfer in Node 22 (V8 12).
 */
const FIRST_V8 = 13
const forbidsTransfer = Number.parseInt(process.versions.v8, 10) >= FIRST_V8

/** The core's error codes, and those of native/tracked_buffers.c. */
const EALIGN = -5
const EOVERLAP = -6
const DETACHABLE = -100
const OF_A_MEMORY = -101

/** { what, array, buffer, shared, offset } of a word; undefined if left out. */
function checkWord(array, what) {
  if (array === undefined) return undefined
  if (!INTEGERS.has(viewKind(array))) {
    throw typeError(what, 'a typed array of integers', array)
  }
  if (viewLength(array) < WORD_BYTES) {
    throw rangeError(what, `at least ${WORD_BYTES} bytes long`, array)
  }
  const buffer = viewBuffer(array)
  const shared = isSharedArrayBuffer(buffer)
  if (!shared && !forbidsTransfer) throw transferableError(what)
  if (!shared && isResizable(buffer)) {
    throw typeError(what, 'on a buffer that cannot be resized', buffer)
  }
  return { what, array, buffer, shared, offset: viewOffset(array) }
}

function checkWords(words) {
  if (typeof words !== 'object' || words === null) {
    throw typeError('words', 'an object', words)
  }
  const signal = checkWord(words.signal, 'words.signal')
  const terminated = checkWord(words.terminated, 'words.terminated')
  if (!signal && !terminated) {
    throw typeError('words', 'an object with `signal` or `terminated`', words)
  }
  if (signal && terminated && signal.buffer !== terminated.buffer) {
    throw rangeError(
      'words.terminated',
      'on the same buffer as words.signal',
      terminated.array
    )
  }
  return { signal, terminated }
}

function transferableError(what) {
  return detachableError(
    `${what} must be on a SharedArrayBuffer: this host cannot forbid the transfer of an ArrayBuffer`
  )
}

function failure(code, { what, array }) {
  if (code === EALIGN) {
    return rangeError(what, 'at an address that is a multiple of 4', array)
  }
  if (code === EOVERLAP) {
    return overlapError('a word is tracked already, or both words are the same')
  }
  if (code === DETACHABLE) return transferableError(what)
  if (code === OF_A_MEMORY) {
    return detachableError(
      `${what} must be on a SharedArrayBuffer, or on an ArrayBuffer that is not a WebAssembly.Memory's: the engine detaches that when the memory grows`
    )
  }
  return new Error(`${what} cannot be tracked (${code})`)
}

/** Tracks words until `untrack`. */
function track(words) {
  const { signal, terminated } = checkWords(words)
  const { buffer, shared } = signal ?? terminated
  const id = native.trackBuffer(
    buffer,
    new Uint8Array(buffer),
    signal?.offset ?? ABSENT,
    terminated?.offset ?? ABSENT,
    shared
  )
  if (id < 0) throw failure(id, signal ?? terminated)
  let tracked = true
  const untrack = () => {
    if (tracked) native.untrackBuffer(id)
    tracked = false
  }
  const tracking = { untrack }
  if (signal) {
    Object.defineProperty(tracking, 'interruptBuffer', {
      value: new InterruptBuffer(buffer, signal.offset),
      enumerable: true
    })
  }
  if (Symbol.dispose) tracking[Symbol.dispose] = untrack
  return tracking
}

module.exports = { track }
