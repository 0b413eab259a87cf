// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Sixteen hashes, each a module of its own. */
import { bytes, load } from '../packages.mjs'

export async function start() {
  const hashes = await load('hash-wasm')
  const input = bytes(60_000, 4)
  const names = [
    'adler32',
    'blake2b',
    'blake2s',
    'blake3',
    'crc32',
    'crc64',
    'md4',
    'md5',
    'ripemd160',
    'sha1',
    'sha256',
    'sha3',
    'sha512',
    'sm3',
    'whirlpool',
    'xxhash64',
    'xxhash3',
    'xxhash128'
  ]
  const password = { password: 'p', salt: 'sixteen bytes ..', hashLength: 16 }
  return async () => [
    ...(await Promise.all(names.map((name) => hashes[name](input)))),
    await hashes.scrypt({
      ...password,
      costFactor: 64,
      blockSize: 8,
      parallelism: 1
    }),
    await hashes.argon2id({
      ...password,
      iterations: 2,
      memorySize: 64,
      parallelism: 1
    }),
    await hashes.bcrypt({
      password: 'p',
      salt: 'sixteen bytes ..',
      costFactor: 4
    })
  ]
}
