// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Crates compiled to WebAssembly, as their users compile them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { PATIENCE_MS } from '../../../support/patience.mjs'
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

export const CRATE = join(ROOT, 'guest/rust')

export const BROWSER = 'wasm32-unknown-unknown'
export const WASI = 'wasm32-wasip1'

/** Each test file has its own: they run at the same time. */
export const OUTPUT = join(
  process.env.WASMSIG_RUST_OUTPUT ?? join(ROOT, 'build/guests/rust-tests'),
  basename(process.argv[1], '.test.mjs')
)

const [command, ...prefix] = execFileSync(join(ROOT, 'scripts/rust-wasm'), {
  encoding: 'utf8'
})
  .trim()
  .split(' ')

/** Whether Rust's own library is compiled anew with each setting. */
export const IS_SLOW = command !== 'cargo'

/** Why programs for WASI cannot be compiled here, if so (scripts/rust-wasm). */
export const noWasi = IS_SLOW && "Rust's library for WASI is not installed"

/** The folder of a crate that is only there for tests. */
export const crate = (name) =>
  fileURLToPath(new URL(`../crates/${name}/`, import.meta.url))

/** Runs cargo in a folder: { status, stdout, stderr }. */
export function cargo(folder, args, env = {}) {
  return spawnSync(command, [...prefix, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    env: { ...process.env, RUSTFLAGS: '', CARGO_TARGET_DIR: OUTPUT, ...env }
  })
}

/**
 * Builds a crate in release mode: { status, stderr, path }.
 *
 * @param {{ target?: string, bin?: string, lib?: string, flags?: string,
 *   features?: string, defaultFeatures?: boolean, profile?: object,
 *   locked?: boolean }} options `bin`,
 *   `lib`: what the file is called; `flags`: rustc's; `profile`: such as
 *   { lto: 'fat' }
 */
export function tryBuild(folder, options) {
  const { target = BROWSER, bin, lib, flags = '', features, profile } = options
  const { locked = true, defaultFeatures = true } = options
  const what = bin ? ['--bin', bin] : ['--lib']
  const settings = Object.entries(profile ?? {}).map(([key, value]) => [
    `CARGO_PROFILE_RELEASE_${key.toUpperCase().replace('-', '_')}`,
    `${value}`
  ])
  const { status, stderr } = cargo(
    folder,
    [
      ...['build', '--release', '--target', target, ...what],
      ...(locked ? ['--locked'] : []),
      ...(features ? ['--features', features] : []),
      ...(defaultFeatures ? [] : ['--no-default-features'])
    ],
    { RUSTFLAGS: flags, ...Object.fromEntries(settings) }
  )
  return {
    status,
    stderr,
    path: join(OUTPUT, target, 'release', `${bin ?? lib}.wasm`)
  }
}

/** The same for a crate that is known to compile: the bytes of the module. */
export function build(folder, options) {
  const { status, stderr, path } = tryBuild(folder, options)
  if (status !== 0) throw new Error(`${folder} does not compile:\n${stderr}`)
  return readFileSync(path)
}
