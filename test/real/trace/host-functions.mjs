// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * JavaScript functions that a host puts into a table. A table takes functions of
 * WebAssembly only, so Emscripten makes a module of each: it imports the function
 * as `e.f` and exports it again as `f`.
 */

const { Instance } = WebAssembly
const LETTERS = { 0x7f: 'i', 0x7e: 'j', 0x7d: 'f', 0x7c: 'd', 0x6f: 'e' }

/** "ii:i": parameters and results of the only type of such a module. */
function typeIn(bytes) {
  let at = 8 + 1 + 1 + 1 + 1 // up to the parameters of the first type
  if (bytes[9] >= 0x80) at++ // Emscripten may pad the section's length
  if (bytes[at - 1] !== 0x60) return null
  const list = () => {
    const count = bytes[at++]
    const letters = [...bytes.subarray(at, at + count)].map((b) => LETTERS[b])
    at += count
    return letters.join('')
  }
  return `${list()}:${list()}`
}

export class HostFunctions {
  #types = new WeakMap()
  #servers = new WeakMap()

  /** Whether the module only makes a function of JavaScript one of a table. */
  static isModuleOfOne(bytes, imports) {
    return bytes.length < 200 && typeof imports?.e?.f === 'function'
  }

  /** Instantiates such a module. */
  instantiate(module, bytes, imports) {
    const own = imports.e.f
    let exported = null
    const f = (...args) => {
      const serve = this.#servers.get(exported)
      return serve === undefined ? own(...args) : serve(own, args)
    }
    const instance = new Instance(module, { e: { f } })
    exported = instance.exports.f
    this.#types.set(exported, typeIn(bytes))
    return instance
  }

  has(fn) {
    return typeof fn === 'function' && this.#types.has(fn)
  }

  typeOf(fn) {
    return this.#types.get(fn)
  }

  serveBy(fn, serve) {
    this.#servers.set(fn, serve)
  }
}
