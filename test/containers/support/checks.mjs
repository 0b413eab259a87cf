// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What must work in every container, however little it may do. */
import assert from 'node:assert/strict'

import { guest, imageOf } from './images.mjs'
import { runInRunc, startInRunc } from './runc.mjs'

/** Both limits and SIGTERM work in a container with this specification. */
export async function checkAll(t, change) {
  const soft = imageOf(guest('receives'), ['--cpu-soft', '50ms'])
  const signalled = await runInRunc(t, soft, { change })
  assert.deepEqual(
    [signalled.status, signalled.stdout],
    [3, 'busy\nreceived SIGXCPU\n'],
    signalled.stderr
  )
  const hard = imageOf(guest('plain'), ['--cpu-hard', '50ms'])
  const stopped = await runInRunc(t, hard, { change })
  assert.equal(stopped.status, 152, stopped.stderr)
  await checkTerm(t, change)
}

async function checkTerm(t, change) {
  const image = imageOf(guest('receives'), ['--grace', '1s'])
  const container = startInRunc(t, image, { change })
  await container.said('busy')
  const killed = container.kill('SIGTERM')
  assert.equal(killed.status, 0, killed.stderr)
  const { status, stdout } = await container.ended
  assert.deepEqual([status, stdout], [3, 'busy\nreceived SIGTERM\n'])
}
