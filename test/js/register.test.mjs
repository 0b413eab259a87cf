// SPDX-License-Identifier: Apache-2.0 OR MIT
/** How the package is loaded. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import * as wasmsig from 'wasmsig'
import { run } from './support/child.mjs'

const require = createRequire(import.meta.url)

const FLAGS = {
  '--import': ['--import', 'wasmsig/register'],
  '--require': ['--require', 'wasmsig/register'],
  both: ['--require', 'wasmsig/register', '--import', 'wasmsig/register']
}

describe('register', { concurrency: 4 }, () => {
  for (const program of ['registered.mjs', 'registered.cjs']) {
    for (const [name, flags] of Object.entries(FLAGS)) {
      test(`${program} with ${name}: the shim is installed before it starts`, async () => {
        const { stdout, stderr, status } = await run(program, { flags })
        assert.equal(status, 0, stderr)
        assert.deepEqual(JSON.parse(stdout), { received: 1, installs: false })
        assert.equal(stderr, '')
      })
    }

    test(`${program} with neither: no shim is installed`, async () => {
      const { stdout, status } = await run(program)
      assert.equal(status, 0)
      assert.deepEqual(JSON.parse(stdout), { received: 0, installs: true })
    })
  }

  test('NODE_OPTIONS can install the shim', async () => {
    const env = { NODE_OPTIONS: '--import wasmsig/register' }
    const { stdout, status } = await run('registered.mjs', { env })
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(stdout), { received: 1, installs: false })
  })

  const UNABLE = {
    '--jitless': /no WebAssembly \(node --jitless\).*installs nothing/,
    '--frozen-intrinsics': /WebAssembly is frozen .*installs nothing/
  }
  for (const [flag, warning] of Object.entries(UNABLE)) {
    test(`under ${flag} nothing is installed, with one warning`, async () => {
      const flags = [flag, '--import', 'wasmsig/register']
      const { stdout, stderr, status } = await run('unable.cjs', { flags })
      assert.equal(status, 0, stderr)
      assert.deepEqual(JSON.parse(stdout), {
        installs: [false, false],
        received: 0,
        killed: 'CpuLimitError',
        reason: 'no-words'
      })
      const warnings = stderr.match(/\[WASMSIG_NOT_INSTALLED\] .*/g)
      assert.equal(warnings?.length, 1, stderr)
      assert.match(warnings[0], warning)
    })
  }

  test('the shim is installed in a worker of a registered program too', async () => {
    const flags = ['--import', 'wasmsig/register']
    const { stdout, status } = await run('registered-worker.mjs', { flags })
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(stdout), { received: 1, installs: false })
  })
})

test('require and import return the same objects', () => {
  const required = require('wasmsig')
  const names = Object.keys(wasmsig).filter((name) => name !== 'default')
  assert.ok(names.includes('CpuBudget'))
  assert.deepEqual(Object.keys(required).sort(), names.sort())
  for (const name of names) assert.equal(required[name], wasmsig[name], name)
})

test("an error of a CommonJS budget is an instance of the ES module's class", async () => {
  const { stdout, status } = await run('objects.cjs')
  assert.equal(stdout, 'true\n')
  assert.equal(status, 0)
})
