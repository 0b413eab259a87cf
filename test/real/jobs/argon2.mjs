// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A password hash, with a fixed salt. */
import { require } from '../packages.mjs'

export async function start() {
  const { fetch } = globalThis
  delete globalThis.fetch // with it, its loader takes Node for a browser
  const argon2 = require('argon2-browser')
  const options = { pass: 'password', salt: 'a fixed salt', time: 2, mem: 1024 }
  await argon2.hash(options)
  globalThis.fetch = fetch
  return async () => (await argon2.hash(options)).encoded
}
