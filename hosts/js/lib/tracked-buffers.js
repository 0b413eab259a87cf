// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Words that no module exports: checks typed arrays, and words the errors.

const native = require('./native.js')
const { detachable, overlap, rangeError, typeError } = require('./errors.js')
const { Uint8Array, getterOf } = require('./primordials.js')
const { InterruptBuffer } = require('./interrupt-buffer.js')
const { isSharedArrayBuffer } = require('node:util').types

const WORD_BYTES = 4
const ABSENT = -1

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype)
const nameOf = getterOf(TypedArray, Symbol.toStringTag)
const bufferOf = getterOf(TypedArray, 'buffer')
const offsetOf = getterOf(TypedArray, 'byteOffset')
const lengthOf = getterOf(TypedArray, 'byteLength')
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
 * Whether a buffer can be kept from being transferred. Node aborts where older
 * ones try: by structuredClone in Node 20, by ArrayBuffer.prototype.transfer in
 * Node 22 (V8 12).
 */
const FIRST_V8 = 13
const forbidsTransfer = Number.parseInt(process.versions.v8, 10) >= FIRST_V8

/** The core's error codes, and those of native/tracked_buffers.c. */
const EALIGN = -5
const EOVERLAP = -6
const DETACHABLE = -100
const OF_A_MEMORY = -101

/** { what, array, buffer, offset } of a word that is given. */
function checkWord(array, what) {
  if (array === undefined) return undefined
  if (!INTEGERS.has(nameOf(array))) {
    throw typeError(what, 'a typed array of integers', array)
  }
  if (lengthOf(array) < WORD_BYTES) {
    throw rangeError(what, `at least ${WORD_BYTES} bytes long`, array)
  }
  const buffer = bufferOf(array)
  const shared = isSharedArrayBuffer(buffer)
  if (!shared && !forbidsTransfer) throw transferable(what)
  if (!shared && isResizable(buffer)) {
    throw typeError(what, 'on a buffer that cannot be resized', buffer)
  }
  return { what, array, buffer, shared, offset: offsetOf(array) }
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

function transferable(what) {
  return detachable(
    `${what} must be on a SharedArrayBuffer: this host cannot forbid that an ArrayBuffer is transferred away`
  )
}

function failure(code, { what, array }) {
  if (code === EALIGN) {
    return rangeError(what, 'at an address that 4 divides', array)
  }
  if (code === EOVERLAP) {
    return overlap('a word is tracked already, or is both words at once')
  }
  if (code === DETACHABLE) return transferable(what)
  if (code === OF_A_MEMORY) {
    return detachable(
      `${what} must be on a SharedArrayBuffer, or on an ArrayBuffer that is not a WebAssembly.Memory's: that goes when the memory grows`
    )
  }
  return new Error(`${what} cannot be tracked (${code})`)
}

/** Tracks words until `untrack`; types/index.d.ts says which. */
function track(words) {
  const { signal, terminated } = checkWords(words)
  const { buffer, shared } = signal ?? terminated
  const name = native.trackWords(
    buffer,
    new Uint8Array(buffer),
    signal?.offset ?? ABSENT,
    terminated?.offset ?? ABSENT,
    shared
  )
  if (name < 0) throw failure(name, signal ?? terminated)
  let tracked = true
  const untrack = () => {
    if (tracked) native.untrackWords(name)
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
