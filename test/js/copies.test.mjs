// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Several copies of the package in one process. */
import assert from 'node:assert/strict'
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from './support/child.mjs'

const PACKAGE = fileURLToPath(new URL('../../hosts/js/', import.meta.url))
const require = createRequire(import.meta.url)
const { version: VERSION } = require(path.join(PACKAGE, 'package.json'))
const folder = mkdtempSync(path.join(tmpdir(), 'wasmsig-copies-'))
after(() => rmSync(folder, { recursive: true }))

/** A copy of the package, as npm installs it, with `version` as its version. */
function copy(name, version) {
  const place = path.join(folder, name, 'node_modules', 'wasmsig')
  for (const part of ['lib', 'prebuilds', 'package.json']) {
    cpSync(path.join(PACKAGE, part), path.join(place, part), {
      recursive: true
    })
  }
  if (version) {
    const [addon] = readdirSync(path.join(place, 'prebuilds'), {
      recursive: true
    }).filter((file) => file.endsWith('.node'))
    replaceIn(path.join(place, 'prebuilds', addon), version)
    replaceIn(path.join(place, 'lib/version.js'), version)
  }
  return place
}

function replaceIn(file, version) {
  const text = readFileSync(file, 'latin1')
  writeFileSync(file, text.replaceAll(VERSION, version), 'latin1')
}

const copies = [copy('a'), copy('b')]
const other = copy('c', '9.9.9')

const inChild = async (mode, places) => {
  const args = [mode, ...places]
  const env = { WASMSIG_PREBUILD: '' }
  const child = await run('copies.mjs', { args, env })
  assert.equal(child.stderr, '', mode)
  assert.equal(child.status, 0, mode)
  return JSON.parse(child.stdout)
}

test('two copies have the same metrics, and name a package that is missing', async () => {
  assert.deepEqual(await inChild('metrics', copies), {
    same: [true, true],
    missing: ['ERR_WASMSIG_NO_PEER', 'ERR_WASMSIG_NO_PEER']
  })
})

test('two copies of one version act as one, however they are loaded', async () => {
  assert.deepEqual(await inChild('same', copies), {
    same: [true, true, true],
    installs: [true, false],
    received: [24, 24],
    killed: [true, true],
    forwarded: 'ERR_WASMSIG_FORWARD',
    got: 12
  })
})

test('a registered copy is the one that another copy exports', async () => {
  assert.deepEqual(await inChild('registered', copies), {
    installs: false,
    received: 1
  })
})

test('copies in a worker and in another realm share the first addon', async () => {
  assert.deepEqual(await inChild('apart', copies), {
    reached: 2,
    worker: 10,
    realm: 24
  })
})

test('a copy of another version throws a clear error, and the first still works', async () => {
  const both = [copies[0], other]
  const error = { code: 'ERR_WASMSIG_COPIES', names: true }
  assert.deepEqual(await inChild('versions', both), {
    errors: [error, error, error, error],
    received: 24
  })
})

test('the package, lib/ and the addon have the same version', () => {
  assert.equal(require(path.join(PACKAGE, 'lib/version.js')), VERSION)
  assert.equal(require(path.join(PACKAGE, 'lib/native.js')).version, VERSION)
})
