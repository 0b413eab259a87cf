// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The crate as it is in a module: what a poll does with the words. How it
 * delivers in general its own tests say (cargo test in guest/rust).
 */
import { describe } from 'node:test'

import { BROWSER, build, crate } from './support/cargo.mjs'
import { promises } from './support/promises.mjs'

const ways = {
  'as a user has it': {},
  'with +atomics': { flags: '-C target-feature=+atomics' },
  unoptimised: { profile: { 'opt-level': '0' } },
  'with fat LTO': { profile: { lto: 'fat', 'opt-level': '3' } }
}

for (const [way, options] of Object.entries(ways))
  describe(`a guest in Rust, ${way}`, () => {
    const target = { target: BROWSER, lib: 'loops' }
    const bytes = build(crate('loop'), { ...target, ...options })
    promises(new WebAssembly.Module(bytes))
  })
