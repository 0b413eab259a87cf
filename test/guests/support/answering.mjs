// SPDX-License-Identifier: Apache-2.0 OR MIT
/** One guest in each language, with the same exports: until_xcpu and others. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { compile as compileScript } from '../assemblyscript/support/asc.mjs'
import { BROWSER, build, crate } from '../rust/support/cargo.mjs'
import { BUILT, CLANG, FREESTANDING, compile } from './compilers.mjs'

function inC() {
  const target = join(BUILT, `answers-${process.pid}.wasm`)
  const source = fileURLToPath(new URL('../c/answers.c', import.meta.url))
  compile(CLANG, 'c', [
    ...['-std=c11', '-O2', ...FREESTANDING, '-o', target, source]
  ])
  return readFileSync(target)
}

const inRust = (flags) =>
  build(crate('loop'), { target: BROWSER, lib: 'loops', flags })

const inAssemblyScript = () =>
  compileScript('test/guests/assemblyscript/loops.ts', '-O3')

/** The bytes of a module for each language. */
export const answering = async () => ({
  C: inC(),
  Rust: inRust(''),
  'Rust with +atomics': inRust('-C target-feature=+atomics'),
  AssemblyScript: await inAssemblyScript()
})
