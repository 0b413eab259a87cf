// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What the jobs need: the pinned packages, and inputs that never change. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { ROOT } from './corpus.mjs'

/** As `require` of a program that depends on the packages. */
export const require = createRequire(join(ROOT, 'package.json'))

/** The path of a file in a package, whether the package exports it or not. */
export const pathIn = (name, file) => join(ROOT, 'node_modules', name, file)

export const read = (name, file) => readFileSync(pathIn(name, file))

/** Imports a package, or a file of it that it may not export. */
export const load = (name, file) =>
  import(
    pathToFileURL(
      file === undefined ? require.resolve(name) : pathIn(name, file)
    )
  )

/** Numbers from 0 to 2^32 - 1, the same at each run (xorshift32). */
export function numbers(seed = 1) {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>>= 0)
  }
}

/** Bytes of which most repeat, as in text. */
export function bytes(length, seed) {
  const next = numbers(seed)
  return Uint8Array.from({ length }, () => 97 + (next() % 5) * (next() % 4))
}

const WORDS = 'signal guest host word poll loop memory call page limit'.split(
  ' '
)

export function text(words, seed) {
  const next = numbers(seed)
  return Array.from({ length: words }, () => WORDS[next() % WORDS.length]).join(
    ' '
  )
}

/** A JavaScript program of 46 KB that is valid in TypeScript too. */
export const program = () =>
  read('quickjs-emscripten-core', 'dist/chunk-V2S4ZYJR.mjs').toString()
