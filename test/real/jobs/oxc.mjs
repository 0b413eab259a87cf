// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Rust, with threads of WASI: parses TypeScript. */
import { program, require } from '../packages.mjs'

export async function start() {
  const oxc = require('@oxc-parser/binding-wasm32-wasi')
  return () => oxc.parseSync('a.ts', program()).program
}
