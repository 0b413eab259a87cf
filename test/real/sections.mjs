// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * What a module's binary says about itself: its sections, the names of its
 * imports and exports, and the tools that its producers section names. Nothing
 * here depends on what an engine supports.
 */

const CUSTOM = 0
const TYPE = 1
const IMPORT = 2
const EXPORT = 7

class Reader {
  constructor(bytes, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  byte() {
    if (this.at >= this.end) throw new RangeError(`it ends at ${this.at}`)
    return this.bytes[this.at++]
  }

  /** A number in LEB128; signed ones are skipped the same way. */
  number() {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  name() {
    const length = this.number()
    const text = this.bytes.subarray(this.at, this.at + length)
    this.at += length
    return new TextDecoder().decode(text)
  }

  *list() {
    const count = this.number()
    for (let i = 0; i < count; i++) yield i
  }
}

function* sectionsOf(bytes) {
  const reader = new Reader(bytes, 8)
  while (reader.at < bytes.length) {
    const id = reader.byte()
    const length = reader.number()
    const end = reader.at + length
    const contents = new Reader(bytes, reader.at, end)
    const name = id === CUSTOM ? contents.name() : null
    yield { id, name, contents, length }
    reader.at = end
  }
}

const KINDS = ['function', 'table', 'memory', 'global', 'tag']

function skipLimits(reader) {
  const flags = reader.number()
  reader.number()
  if (flags & 1) reader.number()
  if (flags & 8) reader.number()
  return { isShared: (flags & 2) !== 0 }
}

/** Reference types with a heap type are two parts, all others one byte. */
function skipType(reader) {
  const byte = reader.byte()
  if (byte === 0x63 || byte === 0x64) reader.number()
}

function skipImported(reader, kind) {
  if (kind === 'memory') return skipLimits(reader)
  if (kind === 'table') {
    skipType(reader)
    skipLimits(reader)
  } else if (kind === 'global') {
    skipType(reader)
    reader.byte()
  } else if (kind === 'tag') {
    reader.byte()
    reader.number()
  } else {
    reader.number()
  }
  return {}
}

function readImports(reader) {
  const imports = []
  for (const _ of reader.list()) {
    const [module, name] = [reader.name(), reader.name()]
    const kind = KINDS[reader.byte()]
    imports.push({ module, name, kind, ...skipImported(reader, kind) })
  }
  return imports
}

function readExports(reader) {
  const exported = []
  for (const _ of reader.list()) {
    const name = reader.name()
    const kind = KINDS[reader.byte()]
    reader.number()
    exported.push({ name, kind })
  }
  return exported
}

/** The tools in a producers section: 'rustc 1.80', 'wasm-bindgen 0.2.92'. */
function readProducers(reader) {
  const tools = []
  for (const _ of reader.list()) {
    reader.name()
    for (const _ of reader.list())
      tools.push(`${reader.name()} ${reader.name()}`)
  }
  return tools
}

/**
 * @param {Uint8Array} bytes
 * @returns {{ imports, exports, tools: string[], custom: string[],
 *   usesGc: boolean, hasCode: boolean }}
 */
export function describe(bytes) {
  const found = {
    imports: [],
    exports: [],
    tools: [],
    custom: [],
    usesGc: false,
    hasCode: false
  }
  for (const { id, name, contents, length } of sectionsOf(bytes)) {
    if (id === IMPORT) found.imports = readImports(contents)
    else if (id === EXPORT) found.exports = readExports(contents)
    else if (id === TYPE) found.usesGc = usesGc(contents)
    else if (id === CUSTOM) found.custom.push(name)
    if (name === 'producers') found.tools = readProducers(contents)
    if (id === 10) found.hasCode = length > 1
  }
  return found
}

/** Groups, subtypes, arrays and structs: no type of these is a function's. */
function usesGc(reader) {
  for (const _ of reader.list()) {
    if (reader.byte() !== 0x60) return true
    for (const _ of reader.list()) skipType(reader)
    for (const _ of reader.list()) skipType(reader)
  }
  return false
}
