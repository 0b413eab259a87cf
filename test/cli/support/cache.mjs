// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A user with a cache of compiled modules, and a program that is stored there. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import initialise from 'wabt'

import { command, folder } from './command.mjs'

const wabt = await initialise()

/** An entry's name. */
export const ENTRY = /^[0-9a-f]{32}\.cwasm$/

/** A program that takes long enough to compile, and exits with a status. */
export function program(path, status) {
  const file = join(path, `exits-${status}.wasm`)
  const work = '(local.set 0 (i32.add (local.get 0) (i32.const 3)))\n'
  const functions = Array.from(
    { length: 400 },
    () => `(func (param i32) (result i32) ${work.repeat(60)} (local.get 0))`
  )
  const { buffer } = wabt
    .parseWat(
      'program.wat',
      `(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $exit (i32.const ${status})))
        ${functions.join('\n')})`
    )
    .toBinary({})
  writeFileSync(file, buffer)
  return file
}

/** A user's home, and a program in it. */
export function home(t) {
  const path = folder(t)
  const env = { ...process.env, HOME: path }
  for (const name of ['XDG_CACHE_HOME', 'WASMSIG_CACHE', 'WASMSIG_CACHE_SIZE'])
    delete env[name]
  const cache = join(path, '.cache/wasmsig/compiled')
  return {
    path,
    cache,
    env,
    program: program(path, 7),
    run: (args, more = {}) =>
      command(['run', ...args], { env: { ...env, ...more } }),
    command: (args, more = {}) => command(args, { env: { ...env, ...more } }),
    entries: (at = cache) => readdirSync(at).sort()
  }
}

/** Runs it, which must end as it does without a cache. */
export function runs(user, env = {}, args = []) {
  const { status, stderr } = user.run([...args, user.program], env)
  assert.deepEqual([status, stderr], [7, ''])
}
