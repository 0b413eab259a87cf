// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * The packages for guests, as they are uploaded: each is installed in an empty
 * project, which builds the guest of the package's own README. A host must be
 * able to signal it.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import * as wasmsig from 'wasmsig'

import { folder } from '../cli/support/command.mjs'
import { BROWSER, build } from '../guests/rust/support/cargo.mjs'
import { ROOT, VERSION, namesIn, packed } from './support/packages.mjs'

/** The version of AssemblyScript that this repository is tested with. */
const COMPILER = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  .devDependencies.assemblyscript

const block = (readme, kind) =>
  RegExp(`\`\`\`${kind}\n(.*?)\`\`\``, 's').exec(
    readFileSync(readme, 'utf8')
  )[1]

/** `sum`: adds the square roots up to a number, until SIGXCPU arrives. */
function checkIsSignalled(t, bytes, name) {
  wasmsig.install()
  t.after(() => wasmsig.uninstall())
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const sum = instance.exports[name]
  assert.equal(sum(4), 1 + Math.SQRT2 + Math.sqrt(3) + 2)
  wasmsig.raise('SIGXCPU', instance)
  assert.equal(sum(4), 1)
}

test('the npm package compiles with AssemblyScript, and is signalled', (t) => {
  const place = folder(t)
  const file = packed('wasmsig-guest', 'tgz')
  assert.deepEqual(namesIn(file), [
    'package/LICENSE-APACHE',
    'package/LICENSE-MIT',
    'package/README.md',
    'package/index.ts',
    'package/package.json'
  ])

  writeFileSync(join(place, 'package.json'), '{ "private": true }')
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', file, `assemblyscript@${COMPILER}`],
    { cwd: place, env: { ...process.env, npm_config_cache: join(place, 'c') } }
  )
  const own = join(place, 'node_modules/wasmsig-guest')
  writeFileSync(join(place, 'guest.ts'), block(join(own, 'README.md'), 'ts'))
  execFileSync(
    join(place, 'node_modules/.bin/asc'),
    ['guest.ts', '-O3', '--enable', 'threads', '-o', 'guest.wasm'],
    { cwd: place }
  )
  checkIsSignalled(t, readFileSync(join(place, 'guest.wasm')), 'sumOfRoots')
})

test('the crate compiles from its packed file, and is signalled', (t) => {
  const place = folder(t)
  const file = packed('wasmsig-guest', 'crate')
  const top = `wasmsig-guest-${VERSION}`
  const outside = namesIn(file).filter(
    (name) =>
      !/\/(src|words)\//.test(name) &&
      !/\/(Cargo|LICENSE|README|build)[^/]*$/.test(name)
  )
  assert.deepEqual(outside, [])
  execFileSync('tar', ['xf', file, '-C', place])

  mkdirSync(join(place, 'src'))
  const readme = join(place, top, 'README.md')
  writeFileSync(join(place, 'src/lib.rs'), block(readme, 'rust'))
  writeFileSync(
    join(place, 'Cargo.toml'),
    `[package]
name = "roots"
version = "0.1.0"
edition = "2024"

[dependencies]
wasmsig-guest = "${VERSION}"

[patch.crates-io]
wasmsig-guest = { path = ${JSON.stringify(top)} }

${block(readme, 'toml')}`
  )
  const bytes = build(place, { target: BROWSER, lib: 'roots', locked: false })
  checkIsSignalled(t, bytes, 'sum_of_roots')
})
