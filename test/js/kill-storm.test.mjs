// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Kills during calls of the host's own functions leave nothing unfinished: 25
 * in each case, or as many as happen in 40 s. WASMSIG_KILLS=300: as many in
 * each case, however long they take.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './support/child.mjs'

const KILLS = process.env.WASMSIG_KILLS ?? '25'
/** A kill that waits for zlib's or require's functions may take seconds. */
const SECONDS = process.env.WASMSIG_KILLS ? '100000' : '40'
const CASES = [
  'zlib',
  'fs',
  'fs-text',
  'async-scope',
  'async-local-storage',
  'require',
  'vm',
  'vm-timeout',
  'json',
  'buffer',
  'url'
]

for (const name of CASES) {
  test(`kills during calls of ${name} leave nothing unfinished`, async (t) => {
    const { status, stdout, stderr } = await run('kill-storm.mjs', {
      args: [name, KILLS, SECONDS]
    })
    t.diagnostic(stdout)
    assert.equal(stderr, '')
    assert.match(stdout, /^[1-9]\d* killed, /)
    assert.equal(status, 0)
  })
}

test('kills in hooks that run from C++ end the call, not the process', async () => {
  const { status, stdout, stderr } = await run('kill-hooks.mjs', {
    args: ['30']
  })
  assert.equal(stderr, '')
  assert.equal(stdout, 'survived\n')
  assert.equal(status, 0)
})

for (const way of ['run', 'error', 'async']) {
  test(`killed code is not called again: ${way}`, async () => {
    const { stdout, stderr } = await run('kill-replaced.mjs', { args: [way] })
    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(stdout), {
      code: 'ERR_WASMSIG_CPU_LIMIT',
      limit: 10,
      keys: 'code,limit,used,reason',
      called: 0,
      names: {}
    })
  })
}

test('workers that are terminated during kills end', async () => {
  const { status, stdout, stderr } = await run('kill-and-terminate.mjs', {
    args: [KILLS]
  })
  assert.equal(stderr, '')
  assert.equal(stdout, `${KILLS} workers ended\n`)
  assert.equal(status, 0)
})
