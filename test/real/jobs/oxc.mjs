// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Rust, with threads of WASI: parses TypeScript. */
import { WASI } from 'node:wasi'

import { program, require } from '../packages.mjs'

/** Bun's WASI does not have it. */
function initialize(instance) {
  this.setMemory(instance.exports.memory)
  instance.exports._initialize?.()
}

export async function start() {
  WASI.prototype.initialize ??= initialize
  const oxc = require('@oxc-parser/binding-wasm32-wasi')
  return () => oxc.parseSync('a.ts', program()).program
}
