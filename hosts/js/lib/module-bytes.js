// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Which exported memory is memory 0? Where an engine has several memories in a
// module, its JavaScript API cannot tell; the module's bytes can.
// WebAssembly core specification 3.0, 5.5 "Modules".

const EXPORT_SECTION = 7
const MEMORY = 2

const utf8 = new TextDecoder()

class Reader {
  constructor(bytes) {
    this.bytes = bytes
    this.at = 0
  }
  byte() {
    if (this.at >= this.bytes.length) throw new RangeError('truncated module')
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
    const text = utf8.decode(this.bytes.subarray(this.at, this.at + length))
    this.at += length
    return text
  }
}

/**
 * The name under which a module without imported memories exports memory 0.
 * Undefined if it exports none, or the bytes cannot be read.
 */
function exportedMemoryZero(bytes) {
  try {
    const reader = new Reader(bytes)
    reader.at = 8 // magic and version
    while (reader.at < bytes.length) {
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

/** (module (memory 0) (memory 0)) */
const TWO_MEMORIES = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0
])

module.exports = { exportedMemoryZero, TWO_MEMORIES }
