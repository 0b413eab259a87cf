// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Which exported memory is memory 0? Where an engine has several memories in a
// module, its JavaScript API cannot tell; the module's bytes can.
// WebAssembly core specification 3.0, 5.5 "Modules".
//
// Why this is not left to the native reader (wasmsig/module.h), which inspect()
// asks: a wrapper runs it at each compilation, where it takes 0.1 to 1 µs; the
// reader, which checks all that comes before, takes 0.3 µs for a small module
// and 2 ms for one of 10 MB. This steps over sections that it does not need, so
// that what they hold may be newer than we are. And it is there when the addon
// is not (WASMSIG=off).

const { isDataView } = require('node:util').types

const { Uint8Array, getterOf, isView, uncurry } = require('./primordials.js')

const EXPORT_SECTION = 7
const MEMORY = 2

const decode = uncurry(TextDecoder.prototype.decode)
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

class Reader {
  constructor(bytes) {
    this.bytes = bytes
    this.length = viewLength(bytes)
    this.at = 0
  }
  byte() {
    if (this.at >= this.length) throw new RangeError('truncated module')
    return this.bytes[this.at++]
  }
  u32() {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
      if (scale > 2 ** 28) throw new RangeError('integer too long')
    }
  }
  name() {
    const length = this.u32()
    const at = viewOffset(this.bytes) + this.at
    this.at += length
    return decode(utf8, new Uint8Array(viewBuffer(this.bytes), at, length))
  }
}

/**
 * The name under which a module without imported memories exports memory 0.
 * Undefined if it exports none, or the bytes cannot be read. The bytes after
 * the exports need not be there.
 */
function exportedMemoryZero(bytes) {
  try {
    const reader = new Reader(bytes)
    reader.at = 8 // magic and version
    while (reader.at < reader.length) {
      const section = reader.byte()
      const end = reader.u32() + reader.at
      if (section === EXPORT_SECTION) return memoryZeroAmong(reader)
      reader.at = end
    }
  } catch {
    // A module that the engine takes and this does not: not tracked.
  }
  return undefined
}

function memoryZeroAmong(reader) {
  for (let left = reader.u32(); left > 0; left--) {
    const name = reader.name()
    const kind = reader.byte()
    const index = reader.u32()
    if (kind === MEMORY && index === 0) return name
  }
  return undefined
}

// ----------------------------------------------------- what is to be compiled

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype)
const viewBuffer = getterOf(TypedArray, 'buffer')
const viewOffset = getterOf(TypedArray, 'byteOffset')
const viewLength = getterOf(TypedArray, 'byteLength')
const dataBuffer = getterOf(DataView.prototype, 'buffer')
const dataOffset = getterOf(DataView.prototype, 'byteOffset')
const dataLength = getterOf(DataView.prototype, 'byteLength')
const bufferLength = getterOf(ArrayBuffer.prototype, 'byteLength')

/** The bytes of a BufferSource; throws if others may change them meanwhile. */
function bytesOf(source) {
  const isData = isDataView(source)
  const buffer = isData
    ? dataBuffer(source)
    : isView(source)
      ? viewBuffer(source)
      : source
  bufferLength(buffer) // throws if it is none, or a shared one
  if (buffer === source) return new Uint8Array(source)
  return isData
    ? new Uint8Array(buffer, dataOffset(source), dataLength(source))
    : new Uint8Array(buffer, viewOffset(source), viewLength(source))
}

/** exportedMemoryZero of a BufferSource, if it is one. */
function memoryZeroOf(source) {
  try {
    return exportedMemoryZero(bytesOf(source))
  } catch {
    return undefined
  }
}

/** (module (memory 0) (memory (export "b") 0) (export "a" (memory 0))) */
const TWO_MEMORIES = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0, 7, 9, 2, 1, 0x62, 2, 1,
  1, 0x61, 2, 0
])

module.exports = { exportedMemoryZero, memoryZeroOf, TWO_MEMORIES }
