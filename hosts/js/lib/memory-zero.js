// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Which exported memory is memory 0? Where a module may have several memories,
// the JavaScript API does not show it; the module's bytes do.
// WebAssembly core specification 3.0, 5.5 "Modules".
//
// Why this does not ask the native reader (wasmsig/module.h), as inspect()
// does: it runs at each compilation, where it takes 0.1 to 1 µs. The native
// reader, which checks all bytes up to there, takes 0.3 µs for a small module
// and 2 ms for one of 10 MB. This one skips sections that it does not need, so
// they may contain something newer than this package. And it works without the
// addon (WASMSIG=off).

const { isSharedArrayBuffer } = require('node:util').types

const { bytesOf } = require('./buffer-source.js')
const native = require('./native.js')
const {
  Uint8Array,
  uncurry,
  viewBuffer,
  viewLength,
  viewOffset,
  weakGet,
  weakSet
} = require('./primordials.js')
const { Module, validate } = require('./webassembly.js')

const PREAMBLE_LENGTH = 8 // magic and version
const EXPORT_SECTION = 7
const FIRST_BEHIND = 8 // sections that follow the exports: start,
const LAST_BEHIND = 12 // elements, code, data, data count
const MEMORY = 2

const decode = uncurry(TextDecoder.prototype.decode)
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const NO_BYTES = new Uint8Array(0)
const CHUNK_LENGTH = 4096

/**
 * Reads a module in chunks. `fetch(offset, length)` answers a Uint8Array of the
 * bytes from `offset` on: at least `length` of them, or fewer where they end.
 */
class Reader {
  constructor(fetch) {
    this.fetch = fetch
    this.at = PREAMBLE_LENGTH
    this.load(0, CHUNK_LENGTH)
  }

  load(offset, length) {
    this.chunk = this.fetch(offset, length)
    this.start = offset
    this.end = offset + viewLength(this.chunk)
  }

  hasMore() {
    if (this.at >= this.end) this.load(this.at, CHUNK_LENGTH)
    return this.at < this.end
  }

  byte() {
    if (!this.hasMore()) throw new RangeError('truncated module')
    return this.chunk[this.at++ - this.start]
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

  text(offset, length) {
    this.at = offset
    if (offset < this.start || offset + length > this.end) {
      this.load(offset, length)
    }
    const first = viewOffset(this.chunk) + offset - this.start
    return decode(utf8, new Uint8Array(viewBuffer(this.chunk), first, length))
  }
}

/** The name of memory 0 in the export section, where the reader is. */
function memoryZeroAmong(reader) {
  for (let left = reader.u32(); left > 0; left--) {
    const length = reader.u32()
    const offset = reader.at
    reader.at += length
    const kind = reader.byte()
    const index = reader.u32()
    if (kind === MEMORY && index === 0) return reader.text(offset, length)
  }
  return undefined
}

/**
 * The name under which a module without imported memories exports memory 0.
 * Undefined if it exports none, or if the bytes cannot be read.
 */
function readMemoryZero(fetch) {
  try {
    const reader = new Reader(fetch)
    while (reader.hasMore()) {
      const section = reader.byte()
      const end = reader.u32() + reader.at
      if (section === EXPORT_SECTION) return memoryZeroAmong(reader)
      if (section >= FIRST_BEHIND && section <= LAST_BEHIND) return undefined
      reader.at = end
    }
  } catch {
    // The engine may accept what this cannot read: the module is not tracked.
  }
  return undefined
}

/** Of a BufferSource; undefined if it is none, or may change meanwhile. */
function memoryZeroOfBytes(source) {
  try {
    const bytes = bytesOf(source)
    if (isSharedArrayBuffer(viewBuffer(bytes))) return undefined
    return readMemoryZero((offset) => (offset === 0 ? bytes : NO_BYTES))
  } catch {
    return undefined
  }
}

/** Of a module whose bytes the engine shows. */
function memoryZeroOfModule(module) {
  return readMemoryZero((offset, length) => {
    const part = native.moduleBytes(module, offset, length)
    return part ? new Uint8Array(part) : NO_BYTES
  })
}

// ------------------------------------------------------- what the engine shows

/** (module (memory 0) (memory (export "b") 0) (export "a" (memory 0))) */
const TWO_MEMORIES = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0, 7, 9, 2, 1, 0x62, 2, 1,
  1, 0x61, 2, 0
])

/** Whether a module may have several memories. */
const severalMemories = validate(TWO_MEMORIES)

/** Whether the engine shows the bytes of every module, by a trial. */
const moduleBytesAreShown =
  severalMemories && memoryZeroOfModule(new Module(TWO_MEMORIES)) === 'a'

/** If not, the shim must read the bytes when they are compiled. */
const bytesAreNeeded = severalMemories && !moduleBytesAreShown

/** module -> the name of its exported memory 0, if its bytes were read */
const namesOfMemoryZero = new WeakMap()

function noteMemoryZero(module, name) {
  if (name !== undefined) weakSet(namesOfMemoryZero, module, name)
}

/** Of a module without imported memories, where it may have several. */
function nameOfMemoryZero(module) {
  return moduleBytesAreShown
    ? memoryZeroOfModule(module)
    : weakGet(namesOfMemoryZero, module)
}

module.exports = {
  bytesAreNeeded,
  memoryZeroOfBytes,
  moduleBytesAreShown,
  nameOfMemoryZero,
  noteMemoryZero,
  severalMemories
}
