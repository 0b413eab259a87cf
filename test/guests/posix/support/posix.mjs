// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Programs for these tests: how they are made, and the hosts that run them. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { COMMAND } from '../../../cli/support/command.mjs'
import { built } from '../../../support/built.mjs'
import { PATIENCE_MS } from '../../../support/patience.mjs'
import { begin } from '../../../support/processes.mjs'

const here = dirname(fileURLToPath(import.meta.url))
export const root = join(here, '../../../..')
const programs = join(here, '..', 'programs')
const NODE_HOST = join(here, 'node-host.mjs')

/** The compiler, as a user has it in the source tree. */
export const CC = process.env.WASMSIG_CC ?? join(root, 'guest/c/wasmsig-cc')

export const BUILD = process.env.WASMSIG_BUILD ?? join(root, 'build/release')
const LIBRARY = join(BUILD, 'lib/wasm32-wasi/libwasmsig-guest.a')

/** Compiles programs/NAME.c, unless it has been; `flags` make a variant. */
export function program(name, ...flags) {
  const source = join(programs, `${name}.c`)
  const variant = [name, ...flags].join('').replace(/[^\w-]/g, '')
  const target = join(BUILD, 'posix-guests', `${variant}.wasm`)
  const sources = [source, join(programs, 'check.h'), LIBRARY, CC, COMMAND]
  const options = ['-O2', '-Wall', '-Wextra', '-Werror', ...flags]
  return built(target, sources, (file) =>
    execFileSync(CC, [...options, '-o', file, source])
  )
}

/** The hosts: how each is called. */
export const HOSTS = {
  node: [process.execPath, '--no-warnings', NODE_HOST, '--'],
  wasmtime: [COMMAND, 'run', '--engine', 'wasmtime'],
  wamr: [COMMAND, 'run', '--engine', 'wamr']
}

/** The arguments of a host with options of its own. */
export const hostWith = (host, ...options) =>
  host === 'node'
    ? [...HOSTS.node.slice(0, -1), ...options, '--']
    : [...HOSTS[host], ...options]

/** Runs it to its end: { status, signal, stdout, stderr }. */
export function run([command, ...args], ...more) {
  return spawnSync(command, [...args, ...more], {
    encoding: 'utf8',
    timeout: PATIENCE_MS
  })
}

/** The tests that a program of check.h holds: [name, sentence] each. */
function testsOf(file) {
  const { stdout } = run(HOSTS.wasmtime, file)
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
}

/** Makes each test of such a program one of ours, in these hosts. */
export function testAll(file, hosts = Object.keys(HOSTS), of = '') {
  for (const [name, sentence] of testsOf(file))
    for (const host of hosts)
      test(`${host}${of}: ${sentence}`, () => {
        const { status, signal, stdout, stderr } = run(HOSTS[host], file, name)
        assert.equal(status ?? signal, 0, stdout + stderr)
      })
}

/** Begins it, for a test to talk with. */
export const start = (t, [command, ...args], ...more) =>
  begin(t, command, [...args, ...more])
