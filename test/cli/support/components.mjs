// SPDX-License-Identifier: Apache-2.0 OR MIT
// Components for the command: from their text, and Rust programs for WASI 0.2.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

import { built } from '../../support/built.mjs'
import { folder } from './command.mjs'
import { assemble } from './instrument.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const TARGET = 'wasm32-wasip2'

/**
 * The text of a command: `code` is the body of its function, which returns 0
 * for ok and 1 for an error; `imports` and `core` are what it uses.
 */
export const commandText = (code, { imports = '', core = '', and = '' } = {}) =>
  `(component
    (import "wasi:cli/exit@0.2.0" (instance $exit
      (export "exit" (func (param "status" (result))))
      (export "exit-with-code" (func (param "status-code" u8)))))
    (core func $exit (canon lower (func $exit "exit")))
    (core func $exit-with-code
      (canon lower (func $exit "exit-with-code")))
    ${imports}
    (core module $module
      (import "" "exit" (func $exit (param i32)))
      (import "" "exit-with-code" (func $exit-with-code (param i32)))
      ${core}
      (func (export "run") (result i32) ${code}))
    (core instance $core (instantiate $module (with "" (instance
      (export "exit" (func $exit))
      (export "exit-with-code" (func $exit-with-code))
      ${and}))))
    (func $run (result (result)) (canon lift (core func $core "run")))
    (instance $api (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $api)))`

/** A file with a component from its text. */
export function componentFile(t, text) {
  const file = join(folder(t), 'component.wasm')
  writeFileSync(file, assemble(text))
  return file
}

function hasTarget() {
  try {
    const libraries = execFileSync('rustc', [
      ...['--print', 'target-libdir', '--target', TARGET]
    ])
    return existsSync(libraries.toString().trim())
  } catch {
    return false
  }
}

/** Why tests with Rust programs for WASI 0.2 are skipped, or undefined. */
export const noRust = !hasTarget() && `please run 'rustup target add ${TARGET}'`

/** Compiles test/cli/guests/NAME.rs for WASI 0.2, if it has changed. */
export function rustComponent(name) {
  const source = join(root, 'test/cli/guests', `${name}.rs`)
  const target = join(root, 'build/cli-guests', `${name}.wasm`)
  return built(target, [source], (file) =>
    execFileSync('rustc', [
      ...['-O', '--edition', '2021', '--target', TARGET, '-D', 'warnings'],
      ...['-o', file, source]
    ])
  )
}

/** Builds the crate test/cli/guests/NAME/ for WASI 0.2. */
export function rustCrate(name) {
  const output = join(root, 'build/cli-guests', name)
  execFileSync(
    'cargo',
    ['build', '--quiet', '--release', '--locked', '--target', TARGET],
    {
      cwd: join(root, 'test/cli/guests', name),
      env: { ...process.env, CARGO_TARGET_DIR: output },
      stdio: ['ignore', 'ignore', 'inherit']
    }
  )
  return join(output, TARGET, 'release', `${name}.wasm`)
}
