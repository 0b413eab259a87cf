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
      test(`${program} with ${name}: the shim is there before it begins`, async () => {
        const { stdout, stderr, status } = await run(program, { flags })
        assert.equal(status, 0, stderr)
        assert.deepEqual(JSON.parse(stdout), { told: 1, installs: false })
        assert.equal(stderr, '')
      })
    }

    test(`${program} with neither: there is no shim`, async () => {
      const { stdout, status } = await run(program)
      assert.equal(status, 0)
      assert.deepEqual(JSON.parse(stdout), { told: 0, installs: true })
    })
  }

  test('NODE_OPTIONS can install the shim', async () => {
    const env = { NODE_OPTIONS: '--import wasmsig/register' }
    const { stdout, status } = await run('registered.mjs', { env })
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(stdout), { told: 1, installs: false })
  })

  const UNABLE = {
    '--jitless': /no WebAssembly \(node --jitless\).*installs nothing/,
    '--frozen-intrinsics': /WebAssembly is frozen .*installs nothing/
  }
  for (const [flag, warning] of Object.entries(UNABLE)) {
    test(`under ${flag} nothing is installed, and that is said once`, async () => {
      const flags = [flag, '--import', 'wasmsig/register']
      const { stdout, stderr, status } = await run('unable.cjs', { flags })
      assert.equal(status, 0, stderr)
      assert.deepEqual(JSON.parse(stdout), {
        installs: [false, false],
        told: 0,
        killed: 'CpuLimitError',
        reason: 'no-words'
      })
      const said = stderr.match(/\[WASMSIG_NOT_INSTALLED\] .*/g)
      assert.equal(said?.length, 1, stderr)
      assert.match(said[0], warning)
    })
  }

  test('a worker thread of a registered program is registered too', async () => {
    const flags = ['--import', 'wasmsig/register']
    const { stdout, status } = await run('registered-worker.mjs', { flags })
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(stdout), { told: 1, installs: false })
  })
})

test('require and import give the same objects', () => {
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
