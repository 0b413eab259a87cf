// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Loads a module as the glue code of emscripten does, written anew:
 * by streaming, and if that fails from an array buffer; functions under `env`
 * and `wasi_snapshot_preview1` are one object; exports arrive in a callback.
 */
export default function createModule(settings) {
  const { wasmMemory, locateFile, printErr } = settings
  const done = {}
  const ready = new Promise((resolve, reject) => {
    done.resolve = resolve
    done.reject = reject
  })

  const wasmImports = {
    emscripten_notify_memory_growth: () => {},
    fd_write: () => 0,
    memory: wasmMemory,
    proc_exit: (status) => settings.onExit?.(status)
  }
  const getWasmImports = () => ({
    env: wasmImports,
    wasi_snapshot_preview1: wasmImports
  })

  async function instantiateArrayBuffer(url, imports) {
    const response = await fetch(url)
    return WebAssembly.instantiate(await response.arrayBuffer(), imports)
  }

  async function instantiateAsync(url, imports) {
    if (typeof WebAssembly.instantiateStreaming === 'function') {
      try {
        const response = fetch(url, { credentials: 'same-origin' })
        return await WebAssembly.instantiateStreaming(response, imports)
      } catch (reason) {
        printErr(`wasm streaming compile failed: ${reason}`)
        printErr('falling back to ArrayBuffer instantiation')
      }
    }
    return instantiateArrayBuffer(url, imports)
  }

  function receiveInstance(instance) {
    const exports = instance.exports
    const memory = wasmMemory ?? exports.memory
    done.resolve({
      instance,
      asm: exports,
      HEAP32: new Int32Array(memory.buffer),
      _seven: (...args) => exports.seven(...args)
    })
    return exports
  }

  const imports = getWasmImports()
  if (settings.instantiateWasm) {
    settings.instantiateWasm(imports, receiveInstance)
    return ready
  }
  instantiateAsync(locateFile('module.wasm'), imports).then(
    (result) => receiveInstance(result.instance),
    done.reject
  )
  return ready
}
