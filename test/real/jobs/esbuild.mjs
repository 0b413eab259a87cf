// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Go: transforms and minifies JavaScript. */
import { program, read, require } from '../packages.mjs'

export async function start() {
  globalThis.self ??= globalThis
  const esbuild = require('esbuild-wasm/lib/browser.js')
  const wasmModule = new WebAssembly.Module(
    read('esbuild-wasm', 'esbuild.wasm')
  )
  await esbuild.initialize({ wasmModule, worker: false })
  const source = program()
  return async () => {
    const options = { minify: true, target: 'es2018', format: 'cjs' }
    return (await esbuild.transform(source, options)).code
  }
}
