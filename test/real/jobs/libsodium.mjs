// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Encrypts, signs, and hashes, with fixed keys. */
import { bytes, require } from '../packages.mjs'

export async function start() {
  const sodium = require('libsodium-wrappers')
  await sodium.ready
  const [key, nonce, seed] = [bytes(32, 1), bytes(24, 2), bytes(32, 3)]
  const input = bytes(50_000, 4)
  return () => {
    const box = sodium.crypto_secretbox_easy(input, nonce, key)
    const { privateKey } = sodium.crypto_sign_seed_keypair(seed)
    const parts = [
      box,
      sodium.crypto_secretbox_open_easy(box, nonce, key),
      sodium.crypto_sign_detached(input, privateKey),
      sodium.crypto_generichash(32, input)
    ]
    return parts.map((part) => sodium.crypto_generichash(32, part, null, 'hex'))
  }
}
