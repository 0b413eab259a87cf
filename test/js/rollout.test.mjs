// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * WASMSIG=off, and WASMSIG_ROLLOUT: in which processes the package is enabled.
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { run } from './support/child.mjs'

const require = createRequire(import.meta.url)
const root = new URL('../../hosts/js/lib/', import.meta.url)
const { numberOf, shareOf } = require(new URL('enabled.js', root).pathname)

const ON = { received: 1, installs: false }
const OFF = { received: 0, installs: false }

const ENVIRONMENTS = [
  [{}, ON],
  [{ WASMSIG: 'on' }, ON],
  [{ WASMSIG: '' }, ON],
  [{ WASMSIG: 'off' }, OFF],
  [{ WASMSIG_ROLLOUT: '' }, ON],
  [{ WASMSIG_ROLLOUT: '100%' }, ON],
  [{ WASMSIG_ROLLOUT: '0%' }, OFF],
  [{ WASMSIG_ROLLOUT: '0.0001%' }, OFF],
  [{ WASMSIG: 'off', WASMSIG_ROLLOUT: '100%' }, OFF]
]
const flags = ['--import', 'wasmsig/register']

describe('rollout', { concurrency: 2 }, () => {
  for (const [env, expected] of ENVIRONMENTS) {
    const name = JSON.stringify(env)
    test(`register under ${name}: ${JSON.stringify(expected)}`, async () => {
      const { stdout, stderr, status } = await run('registered.mjs', {
        flags,
        env
      })
      assert.equal(stderr, '')
      assert.equal(status, 0)
      assert.deepEqual(JSON.parse(stdout), expected)
    })
  }

  for (const share of ['five', '5', '-5%', '101%', '5 %']) {
    test(`a share of '${share}' installs nothing, with a warning`, async () => {
      const env = { WASMSIG_ROLLOUT: share }
      const ended = await run('registered.mjs', { flags, env })
      assert.match(ended.stderr, /\[WASMSIG_ROLLOUT\].*percentage/)
      assert.deepEqual(JSON.parse(ended.stdout), OFF)
    })
  }

  for (let i = 0; i < 4; i += 1) {
    test(`all threads of a process decide as its main thread does (${i})`, async () => {
      const env = { WASMSIG_ROLLOUT: '50%' }
      const { stdout, stderr } = await run('rollout-threads.mjs', {
        flags,
        env
      })
      assert.equal(stderr, '')
      const answers = stdout.trim().split('\n')
      assert.equal(answers.length, 4)
      assert.equal(new Set(answers).size, 1)
    })
  }

  test('where it is disabled, every call is a plain call', async () => {
    const { stdout, stderr, status } = await run('off.mjs', {
      env: { WASMSIG: 'off' }
    })
    assert.equal(stderr, '')
    assert.equal(stdout, 'plain\n')
    assert.equal(status, 0)
  })

  test('where it is disabled, the addon is not searched for', async () => {
    const env = { WASMSIG: 'off', WASMSIG_PREBUILD: '/nowhere' }
    const { stdout, stderr } = await run('off.mjs', { env })
    assert.equal(stderr, '')
    assert.equal(stdout, 'plain\n')
  })
})

test('a share is a percentage', () => {
  assert.equal(shareOf('5%'), 0.05)
  assert.equal(shareOf('0.5%'), 0.005)
  assert.equal(shareOf(' 100% '), 1)
  for (const text of ['', '%', '5', '1e1%', '101%', '-1%', '5%%']) {
    assert.equal(shareOf(text), undefined)
  }
})

/** Consecutive processes: on a host, and in new containers. */
const NAMES = {
  'of one host': (i) => `${1000 + i} ${52_000 + 3 * i} ${140_000_000 + 16 * i}`,
  'in containers that begin together': (i) =>
    `1 9000 ${140_720_000_000_000 + 16 * i}`,
  'without addresses': (i) => `1 ${9000 + i} 0`
}
for (const [kind, name] of Object.entries(NAMES)) {
  test(`processes ${kind} are chosen evenly`, () => {
    const count = 20_000
    for (const share of [0.01, 0.05, 0.5]) {
      let chosen = 0
      for (let i = 0; i < count; i += 1) {
        const number = numberOf(name(i))
        assert.ok(number >= 0 && number < 1)
        if (number < share) chosen += 1
      }
      const spread = Math.sqrt(count * share * (1 - share))
      assert.ok(Math.abs(chosen - count * share) < 5 * spread, `${chosen}`)
    }
  })
}
