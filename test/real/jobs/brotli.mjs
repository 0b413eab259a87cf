// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Compresses and decompresses. */
import { bytes, require } from '../packages.mjs'

export async function start() {
  const brotli = await require('brotli-wasm')
  const input = bytes(60_000, 6)
  return () => {
    const packed = brotli.compress(input, { quality: 7 })
    const unpacked = brotli.decompress(packed)
    return [
      Buffer.from(packed).toString('base64'),
      Buffer.compare(input, unpacked)
    ]
  }
}
