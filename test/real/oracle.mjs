// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Asks wasmparser, by the program of test/oracle, whether modules are valid. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const TARGET = join(REPOSITORY, 'build/oracle/cargo')

export function buildOracle() {
  const manifest = join(REPOSITORY, 'test/oracle/Cargo.toml')
  const options = ['--quiet', '--release', '--locked']
  execFileSync('cargo', ['build', ...options, '--manifest-path', manifest], {
    env: { ...process.env, CARGO_TARGET_DIR: TARGET },
    stdio: ['ignore', 'ignore', 'inherit']
  })
}

function ask(bytes) {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  const answer = execFileSync(join(TARGET, 'release/oracle'), {
    input: Buffer.concat([length, bytes]),
    maxBuffer: 2 ** 30
  })
  return JSON.parse(answer)
}

/**
 * Why `made` is not valid, or null. A module that needs a proposal that the
 * oracle's features leave out may need it afterwards too.
 */
export function faultOf(made, original) {
  const { refused, later } = ask(made)
  if (refused === null) return null
  if (later && ask(original).later) return null
  return `${refused.text} at ${refused.at}`
}
