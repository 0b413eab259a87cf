// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Puts other modules in the place of those that a program compiles, by their
 * contents: the way by which a package comes to its module does not matter.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const bytesOf = (source) =>
  ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : source instanceof ArrayBuffer || source instanceof SharedArrayBuffer
      ? new Uint8Array(source)
      : null

const streamed = async (source) =>
  new Uint8Array(await (await source).arrayBuffer())

/**
 * From now on, a module whose SHA-256 is HASH is replaced by FOLDER/HASH.wasm if
 * that exists. `folder` may be null: then only the list is kept.
 *
 * @returns {{ hash: string, isReplaced: boolean }[]} what was compiled
 */
export function swapModules(folder) {
  const compiled = []
  const swapped = (source) => {
    const bytes = bytesOf(source)
    if (bytes === null) return source
    const hash = createHash('sha256').update(bytes).digest('hex')
    const file = folder === null ? null : join(folder, `${hash}.wasm`)
    const isReplaced = file !== null && existsSync(file)
    compiled.push({ hash, isReplaced })
    return isReplaced ? readFileSync(file) : source
  }

  const { compile, instantiate, Module } = WebAssembly
  WebAssembly.compile = async (source, ...rest) =>
    compile(swapped(source), ...rest)
  WebAssembly.instantiate = async (source, ...rest) =>
    instantiate(swapped(source), ...rest)
  WebAssembly.compileStreaming = async (source, ...rest) =>
    compile(swapped(await streamed(source)), ...rest)
  WebAssembly.instantiateStreaming = async (source, ...rest) =>
    instantiate(swapped(await streamed(source)), ...rest)
  WebAssembly.Module = new Proxy(Module, {
    construct: (target, [source, ...rest], newTarget) =>
      Reflect.construct(target, [swapped(source), ...rest], newTarget)
  })
  return compiled
}
