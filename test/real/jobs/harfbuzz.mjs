// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Splits a text into the units of a script, and sets its direction. */
import { read, text } from '../packages.mjs'

export async function start() {
  const wasm = read('harfbuzzjs', 'dist/harfbuzz.wasm')
  const module = await WebAssembly.compile(wasm)
  const imports = {}
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    (imports[from] ??= {})[name] = () => 0
  const { exports: hb } = await WebAssembly.instantiate(module, imports)
  const memory = Object.values(hb).find(
    (value) => value instanceof WebAssembly.Memory
  )
  hb.__wasm_call_ctors?.()
  const input = Buffer.from(text(3000, 21))
  const at = hb.malloc(input.length)
  return () => {
    new Uint8Array(memory.buffer).set(input, at)
    const buffer = hb.hb_buffer_create()
    hb.hb_buffer_add_utf8(buffer, at, input.length, 0, input.length)
    hb.hb_buffer_guess_segment_properties(buffer)
    const length = hb.hb_buffer_get_length(buffer)
    const out = hb.hb_buffer_get_glyph_infos(buffer, 0)
    const infos = new Uint8Array(memory.buffer, out, length * 20).slice()
    hb.hb_buffer_destroy(buffer)
    return infos
  }
}
