// SPDX-License-Identifier: Apache-2.0 OR MIT
// Runs the command as a user does, and compiles programs for it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { built } from '../../support/built.mjs'
import { PATIENCE_MS } from '../../support/patience.mjs'
import { begin } from '../../support/processes.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..', '..')

export const ENGINES = ['wasmtime', 'wamr']

export const COMMAND =
  process.env.WASMSIG_COMMAND ?? join(root, 'build/release/wasmsig')

/** Why a test that limits the address space is skipped, or undefined. */
export const noAddressSpace =
  process.env.ASAN_OPTIONS && 'AddressSanitizer needs the address space'

// ------------------------------------------------------------------- guests

/** Compiles test/cli/guests/NAME.c for WASI, if it has changed. */
export function guest(name) {
  const source = join(here, '..', 'guests', `${name}.c`)
  const headers = join(root, 'guest/c/include')
  const target = join(root, 'build/cli-guests', `${name}.wasm`)
  const sources = [source, join(headers, 'wasmsig/guest.h')]
  return built(target, sources, (file) =>
    execFileSync('clang-19', [
      ...['--target=wasm32-wasi', '-O2', '-Wall', '-Wextra', '-Werror'],
      ...[`-I${headers}`, '-o', file, source]
    ])
  )
}

/** A folder that is removed when the test ends. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

// ------------------------------------------------------------------ running

/** Runs the command to its end: { status, signal, stdout, stderr }. */
export function command(args, options = {}) {
  return spawnSync(COMMAND, args, {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    ...options
  })
}

export const run = (engine, args, options) =>
  command(['run', '--engine', engine, ...args], options)

/** Starts the command, for a test to interact with. */
export const start = (t, args, stdio = 'pipe') =>
  begin(t, COMMAND, args, { stdio })

export const startIn = (t, engine, args, stdio) =>
  start(t, ['run', '--engine', engine, ...args], stdio)

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
