// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A package with an asynchronous API: its guest runs after an await. */
import { guest } from '../support/guests.mjs'

export async function convert(input) {
  const { instance } = await WebAssembly.instantiate(guest())
  await new Promise(setImmediate)
  return input === 'spin' ? instance.exports.spin() : instance.exports.work(5e7)
}
