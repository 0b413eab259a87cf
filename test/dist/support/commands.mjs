// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The command in its archives and wheels, and what runs it for each system. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { PATIENCE_MS } from '../../support/patience.mjs'
import { DIST, ROOT, VERSION } from './packages.mjs'

export const SYSTEMS = ['x64-glibc', 'x64-musl', 'arm64-glibc', 'arm64-musl']

export const TAGS = {
  'x64-glibc': 'manylinux_2_28_x86_64',
  'x64-musl': 'musllinux_1_2_x86_64',
  'arm64-glibc': 'manylinux_2_28_aarch64',
  'arm64-musl': 'musllinux_1_2_aarch64'
}

export const archiveName = (system) => `wasmsig-${VERSION}-linux-${system}`
export const archive = (system) => join(DIST, `${archiveName(system)}.tar.gz`)
export const wheel = (system) =>
  join(DIST, `wasmsig-${VERSION}-py3-none-${TAGS[system]}.whl`)

/** Unpacks the archive in `place`. Returns its folder. */
export function unpack(system, place) {
  mkdirSync(place, { recursive: true })
  execFileSync('tar', ['xf', archive(system), '-C', place])
  return join(place, archiveName(system))
}

/** What emulates the system's processor and has its C library, or nothing. */
function emulator(system) {
  if (system === 'arm64-glibc')
    return ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu']
  if (system !== 'arm64-musl') return []
  const folder = join(ROOT, 'build/debian/musl-arm64')
  execFileSync(join(ROOT, 'scripts/debian-package'), ['musl', 'arm64', folder])
  return ['qemu-aarch64', '-L', folder]
}

/** A program in `place` that runs the command in `root`, for any system. */
export function runnable(system, root, place) {
  const program = join(root, 'bin/wasmsig')
  const words = emulator(system)
  if (words.length === 0) return program
  const script = join(place, `wasmsig-${system}`)
  const line = [...words, program].map((word) => `'${word}'`).join(' ')
  writeFileSync(script, `#!/bin/sh\nexec ${line} "$@"\n`)
  chmodSync(script, 0o755)
  return script
}

/** Runs tests of the command with this one: { passed, failed, output }. */
export function runTests(command, files, options = []) {
  const result = spawnSync(
    process.execPath,
    ['--test', '--test-reporter=tap', ...options, ...files],
    {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      timeout: 4 * PATIENCE_MS,
      // Without what the test runner around this sets: it would be its part.
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        WASMSIG_COMMAND: command
      }
    }
  )
  const count = (word) =>
    Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(result.stdout)?.[1])
  const output = result.stdout + result.stderr
  const failures = output
    .split('\n')
    .filter((line) => /^\s*not ok/.test(line))
    .map((line) => line.replace(/^\s*not ok \d+ - /, ''))
  return { passed: count('pass'), failed: count('fail'), failures, output }
}
