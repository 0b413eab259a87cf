// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The archive of sources: it builds without a network where engines are given, by
 * the commands of docs/how-to/install.md.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { folder } from '../cli/support/command.mjs'
import { ROOT, VERSION, namesIn, packed } from './support/packages.mjs'

const TOP = `wasmsig-${VERSION}`

const unshare = ['--net', '--map-root-user']
const skip =
  spawnSync('unshare', [...unshare, 'true']).status !== 0 &&
  'NOT RUN: unshare(1) may make no network namespace here'
if (skip) console.error(skip)

function unpacked(t) {
  const place = folder(t)
  execFileSync('tar', ['xf', packed('wasmsig', 'tar.gz'), '-C', place])
  return join(place, TOP)
}

/** Runs a program in which there is no network, and no git, npm or pip. */
function offline(cwd, file, ...args) {
  const bin = join(cwd, '..', 'none')
  mkdirSync(bin, { recursive: true })
  for (const name of ['git', 'npm', 'npx', 'pip', 'pip3', 'cargo', 'curl'])
    cpSync('/bin/false', join(bin, name))
  return spawnSync('unshare', [...unshare, file, ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: bin }
  })
}

test('it has every file of the repository, and no other', () => {
  const files = execFileSync('git', ['ls-tree', '-r', '--name-only', 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8'
  })
  const names = namesIn(packed('wasmsig', 'tar.gz'))
  assert.deepEqual(
    names,
    files
      .trim()
      .split('\n')
      .map((name) => `${TOP}/${name}`)
      .sort()
  )
})

test('command, libraries and headers are built offline', { skip }, (t) => {
  const source = unpacked(t)
  // Engines of the distribution's own, wherever it has them.
  const engines = join(source, '..', 'engines')
  cpSync(join(ROOT, 'build/engines'), engines, { recursive: true })
  const prefix = join(source, '..', 'prefix')
  for (const args of [
    [
      ...['--preset', 'install', `-DWASMSIG_WASMTIME_DIR=${engines}/wasmtime`],
      `-DWASMSIG_WAMR_DIR=${engines}/wamr`
    ],
    ['--build', '--preset', 'install'],
    ['--install', 'build/install', '--prefix', prefix]
  ]) {
    const { status, stdout, stderr } = offline(source, 'cmake', ...args)
    assert.equal(status, 0, stdout + stderr)
  }
  const { status, stdout } = spawnSync(
    join(prefix, 'bin/wasmsig'),
    [
      ...['run', '--cpu-soft', '50ms'],
      join(ROOT, 'build/release/guests/primes.wasm')
    ],
    { encoding: 'utf8' }
  )
  assert.equal(status, 3)
  assert.match(stdout, /out of CPU time/)
})

test('without engines the message names what is missing', { skip }, (t) => {
  const source = unpacked(t)
  const { status, stderr } = offline(source, 'cmake', '--preset', 'install')
  assert.notEqual(status, 0)
  assert.match(stderr, /No wasmtime\.h in\s.*set WASMSIG_WASMTIME_DIR/s)
})

test('without engines the core alone is built', { skip }, (t) => {
  const source = unpacked(t)
  const only = ['-DWASMSIG_ENGINES=OFF', '-DWASMSIG_GUESTS=OFF']
  for (const args of [
    ['--preset', 'install', ...only],
    ['--build', '--preset', 'install']
  ]) {
    const { status, stdout, stderr } = offline(source, 'cmake', ...args)
    assert.equal(status, 0, stdout + stderr)
  }
})
