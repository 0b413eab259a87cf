// SPDX-License-Identifier: Apache-2.0 OR MIT
/** AssemblyScript: SHA-256 of many texts. */
import { bytes, load } from '../packages.mjs'

export async function start() {
  const sha256 = await load('@chainsafe/as-sha256')
  const input = bytes(20_000, 8)
  return () =>
    Array.from({ length: 50 }, (_, i) =>
      Buffer.from(sha256.digest(input.subarray(i, i * 397 + 64))).toString(
        'hex'
      )
    )
}
