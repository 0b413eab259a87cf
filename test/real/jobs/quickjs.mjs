// SPDX-License-Identifier: Apache-2.0 OR MIT
/** JavaScript in QuickJS: primes, a sort, a regular expression, JSON. */
import { load } from '../packages.mjs'

export const SOURCE = `
  const primes = []
  for (let i = 2; primes.length < 300; i++)
    if (primes.every((p) => i % p !== 0)) primes.push(i)
  const words = primes.map((p) => p.toString(36)).sort().reverse()
  JSON.stringify({
    sum: primes.reduce((a, b) => a + b), words,
    found: words.join(' ').match(/[a-f]+\\d/g), big: String(3n ** 200n)
  })`

export async function start() {
  const { getQuickJS } = await load('quickjs-emscripten')
  const quickjs = await getQuickJS()
  return () => quickjs.evalCode(SOURCE)
}
