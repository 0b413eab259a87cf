// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Loads a module as wasm-bindgen's glue code for the web does, written anew:
 * init() takes a URL, a response, bytes, a module or a promise of
 * one of these; initSync() takes bytes or a module.
 */
let wasm

async function load(source, imports) {
  if (typeof Response === 'function' && source instanceof Response) {
    if (typeof WebAssembly.instantiateStreaming === 'function') {
      try {
        return await WebAssembly.instantiateStreaming(source, imports)
      } catch (error) {
        if (source.headers.get('Content-Type') === 'application/wasm') {
          throw error
        }
      }
    }
    const bytes = await source.arrayBuffer()
    return WebAssembly.instantiate(bytes, imports)
  }
  const instance = await WebAssembly.instantiate(source, imports)
  return instance instanceof WebAssembly.Instance
    ? { instance, module: source }
    : instance
}

function getImports() {
  const imports = {}
  imports.wbg = {}
  imports.wbg.__wbindgen_throw = (pointer, length) => {
    throw new Error(`at ${pointer}, ${length}`)
  }
  imports.wbg.__wbindgen_init_externref_table = () => {}
  return imports
}

function finish(instance, module) {
  wasm = instance.exports
  init.__wbindgen_wasm_module = module
  return { wasm, instance }
}

export function initSync(module) {
  const source =
    module instanceof WebAssembly.Module
      ? module
      : new WebAssembly.Module(module)
  const instance = new WebAssembly.Instance(source, getImports())
  return finish(instance, source)
}

export default async function init(path) {
  let source = path ?? new URL('module_bg.wasm', import.meta.url)
  const isPlace =
    typeof source === 'string' ||
    (typeof Request === 'function' && source instanceof Request) ||
    (typeof URL === 'function' && source instanceof URL)
  if (isPlace) source = fetch(source)
  const { instance, module } = await load(await source, getImports())
  return finish(instance, module)
}
