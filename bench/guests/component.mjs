// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The cost of signals in a component:
 *
 *     node bench/guests/component.mjs [--rounds N]
 *
 * Compiles bench/guests/component and runs it by `wasmsig run`. It measures
 * itself, and prints a JSON line for each sample.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { noRust } from '../../test/cli/support/components.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CRATE = join(ROOT, 'bench/guests/component')
const OUTPUT = join(ROOT, 'build/bench/component')
const TARGET = 'wasm32-wasip2'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' } }
})

if (noRust) {
  console.error(`component: skipped: ${noRust}`)
  process.exit()
}

execFileSync(
  'cargo',
  ['build', '--quiet', '--release', '--locked', '--target', TARGET],
  {
    cwd: CRATE,
    env: { ...process.env, CARGO_TARGET_DIR: OUTPUT },
    stdio: ['ignore', 'inherit', 'inherit']
  }
)
execFileSync(
  join(ROOT, 'build/release/wasmsig'),
  ['run', join(OUTPUT, TARGET, 'release/component.wasm'), values.rounds],
  { stdio: ['ignore', 'inherit', 'inherit'] }
)
