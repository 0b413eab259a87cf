// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * examples/load-balanced: one tenant burns everything, one container is drained,
 * and no request of another tenant fails.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { buildPlugins } from '../e2e/support/server.mjs'
import { cannotRun } from './support/able.mjs'
import { ROOT } from './support/images.mjs'

const skip = cannotRun('runc', 'haproxy')
const PROGRAM = join(ROOT, 'examples/load-balanced/run.mjs')
const run = (...args) => spawnSync(PROGRAM, args, { encoding: 'utf8' })

let plugins
before(async () => {
  plugins = await buildPlugins()
  chmodSync(plugins.folder, 0o755) // the container has another user
})
after(() => plugins.remove())

test('no request of another tenant fails', { skip }, () => {
  const { status, stdout, stderr } = run('--json', plugins.folder)
  assert.equal(status, 0, stderr + stdout)
  const { tenants, drained, others } = JSON.parse(stdout)
  for (const tenant of ['square', 'primes']) {
    assert.deepEqual(Object.keys(tenants[tenant]), ['200'])
    assert.ok(tenants[tenant][200] > 0)
  }
  // The tenant that burns is stopped, refused, and gets nothing else.
  const unexpected = Object.keys(tenants.hog).filter(
    (code) => !['429', '503', '504'].includes(code)
  )
  assert.deepEqual(unexpected, [])
  assert.ok(tenants.hog[504] > 0)
  assert.equal(drained.status, 0)
  for (const { answeredAfterDrain } of others) assert.ok(answeredAfterDrain > 0)
})

test('wrong usage is refused, and --help is help', () => {
  const wrong = run('--nothing')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /--nothing/)
  const help = run('--help')
  assert.deepEqual([help.status, help.stderr], [0, ''])
  assert.match(help.stdout, /^Usage: examples\/load-balanced\/run\.mjs/)
})

test('a folder without plugins: one line says what is wrong', { skip }, () => {
  const { status, stderr } = run(join(plugins.folder, 'empty'))
  assert.equal(status, 1)
  assert.match(stderr, /^load-balanced: there is no square\.wasm in [^\n]*\n$/)
})
