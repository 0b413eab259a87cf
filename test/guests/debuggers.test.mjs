// SPDX-License-Identifier: Apache-2.0 OR MIT
/* docs/how-to/debuggers-and-profilers.md is true, where the tools are installed. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { ROOT } from './support/compilers.mjs'
import { follow, partsOf, prepare, read } from './support/follow.mjs'

/** A tool that is missing, or that may not trace a program here. */
function missing(tool, ...args) {
  const { status } = spawnSync(tool, args)
  return status === 0 ? false : `SKIPPED: ${tool} cannot trace a program here`
}

const SKIP = {
  gdb: missing(
    'gdb',
    '-q',
    '-batch',
    '-return-child-result',
    '-ex',
    'run',
    'true'
  ),
  strace: missing('strace', '-o', '/dev/null', 'true')
}
for (const why of Object.values(SKIP)) if (why) console.log(why)

const { folder, env } = prepare('debuggers-test')
const cwd = join(folder, 'work')
mkdirSync(cwd)
copyFileSync(
  join(ROOT, 'build/release/guests/primes.wasm'),
  join(cwd, 'guest.wasm')
)

for (const part of partsOf(read('docs/how-to/debuggers-and-profilers.md'))) {
  test(part.heading, { skip: SKIP[part.heading] }, () => follow(part, cwd, env))
}
