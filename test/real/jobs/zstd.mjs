// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Compresses and decompresses. */
import { bytes, require } from '../packages.mjs'

export async function start() {
  const zstd = require('@bokuweb/zstd-wasm')
  await zstd.init()
  const input = bytes(200_000, 5)
  return () => {
    const packed = zstd.compress(input, 6)
    const unpacked = zstd.decompress(packed)
    return [
      Buffer.from(packed).toString('base64'),
      Buffer.compare(input, unpacked)
    ]
  }
}
