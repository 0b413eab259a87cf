// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Formats C++. */
import { load, read } from '../packages.mjs'

export async function start() {
  const { format } = await load(
    '@wasm-fmt/clang-format',
    'clang-format-node.js'
  )
  const c = read('hash-wasm', 'src/blake3.c').toString()
  return () => format(c.slice(0, 12_000), 'a.c', 'LLVM')
}
