// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What notices a limit, and how to choose it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './support/child.mjs'

async function run(env) {
  const ended = await start('firing.mjs', { env }).end()
  assert.equal(ended.status, 0, ended.stderr)
  return ended
}

test('a timer notices limits, in workers too', async () => {
  const { stdout, stderr } = await run({})
  assert.equal(stdout, 'main timer true\nworker timer true\n')
  assert.equal(stderr, '')
})

for (const firing of ['timer', 'watchdog']) {
  test(`WASMSIG_FIRING=${firing} takes effect, in workers too`, async () => {
    const { stdout, stderr } = await run({ WASMSIG_FIRING: firing })
    assert.equal(stdout, `main ${firing} true\nworker ${firing} true\n`)
    assert.equal(stderr, '')
  })
}

test('another WASMSIG_FIRING is ignored with a warning', async () => {
  const { stdout, stderr } = await run({ WASMSIG_FIRING: 'tmier' })
  assert.match(stdout, /^main timer true\n/)
  assert.match(stderr, /WASMSIG_FIRING must be 'timer' or 'watchdog'.*'tmier'/)
})
