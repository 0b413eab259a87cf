// SPDX-License-Identifier: Apache-2.0 OR MIT
// compare.mjs FILE.wasm OTHER.wasm...: calls `run` of each module with some
// numbers. All must be valid and return the same.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import process from 'node:process'

const NUMBERS = [0, 1, 2, 5, 100, 3000]

async function results(file) {
  const bytes = readFileSync(file)
  // compile() says why a module is invalid, validate() does not.
  const module = await WebAssembly.compile(bytes)
  const step = (number) => (number * 7 + 3) | 0
  const { exports } = await WebAssembly.instantiate(module, { env: { step } })
  return NUMBERS.map((number) => {
    try {
      return String(exports.run(number))
    } catch (error) {
      return error.message
    }
  })
}

const [first, ...others] = process.argv.slice(2)
const wanted = await results(first)
for (const other of others)
  assert.deepEqual(await results(other), wanted, other)
console.log(JSON.stringify(wanted))
