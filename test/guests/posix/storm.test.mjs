// SPDX-License-Identifier: Apache-2.0 OR MIT
// Thousands of signals at random moments, from outside and from the program's
// own timer, at handlers that count: none of them interrupts itself, every one
// ends, and the mask is what it was.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { HOSTS, hostWith, program, start } from './support/posix.mjs'

const WANTED = Number(process.env.WASMSIG_STORM ?? 3000)
const SIGNALS = ['SIGUSR2', 'SIGTERM', 'SIGHUP']

/** One storm, until the program has ended. */
async function storm(t, how, file) {
  const { child, said, ended } = start(t, how, file, 'storm', `${WANTED}`)
  await said('ready')
  let sent = 0
  let isOver = false
  ended.then(() => (isOver = true))
  while (!isOver) {
    for (let burst = Math.random() * 20; burst > 0; burst--, sent++)
      child.kill(SIGNALS[Math.floor(Math.random() * 3)])
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
  }
  t.diagnostic(`${sent} kills for ${WANTED} handlers`)
  return await ended
}

/**
 * `wasmsig run` ends a program that leaves a repeated signal unacknowledged for
 * 200 ms. A storm can cause that: such a run proves nothing, and is repeated.
 */
const wasEndedByRule = ({ stderr }) => /: ended by SIG\w+ after /.test(stderr)
const MOST_RUNS = 20

for (const flags of [[], ['--wasmsig-every=1', '--wasmsig-calls']])
  for (const host of Object.keys(HOSTS))
    test(`${host}: a storm of signals ${flags.join(' ')}`, async (t) => {
      const how = host === 'node' ? hostWith('node', '--forward') : HOSTS[host]
      const file = program('deeds', ...flags)
      let run = await storm(t, how, file)
      for (let i = 1; i < MOST_RUNS && wasEndedByRule(run); i++)
        run = await storm(t, how, file)
      assert.equal(
        run.stdout,
        'ready\noverlaps 0, inside 0, sum 1, mask 1\n',
        run.stderr
      )
      assert.equal(run.status, 0)
    })
