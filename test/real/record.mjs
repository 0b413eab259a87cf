// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * record.mjs PACKAGE FILE: loads a package, and writes the largest module that
 * it compiles to FILE.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import { ROOT } from './corpus.mjs'

const [, , name, out] = process.argv
const require = createRequire(join(ROOT, 'package.json'))

let largest = new Uint8Array()
for (const method of ['compile', 'instantiate']) {
  const original = WebAssembly[method]
  WebAssembly[method] = (source, ...rest) => {
    const bytes = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : source instanceof ArrayBuffer
        ? new Uint8Array(source)
        : null
    if (bytes?.length > largest.length) largest = bytes.slice()
    return original(source, ...rest)
  }
}

const LOADERS = {
  '@hpcc-js/wasm-graphviz': ({ Graphviz }) => Graphviz.load()
}

await LOADERS[name](await import(pathToFileURL(require.resolve(name))))
mkdirSync(dirname(out), { recursive: true })
writeFileSync(out, largest)
