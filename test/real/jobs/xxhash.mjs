// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A small module, written by hand. */
import { bytes, load } from '../packages.mjs'

export async function start() {
  const { default: xxhash } = await load('xxhash-wasm', 'esm/xxhash-wasm.js')
  const { h32Raw, h64Raw } = await xxhash()
  const input = bytes(400_000, 2)
  return () =>
    Array.from({ length: 20 }, (_, i) => [
      h32Raw(input.subarray(i), i),
      String(h64Raw(input.subarray(i * 3), BigInt(i)))
    ])
}
