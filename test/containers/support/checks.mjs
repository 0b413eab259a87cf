// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What must work in every container, however little it may do. */
import assert from 'node:assert/strict'

import { guest, imageOf } from './images.mjs'
import { runInRunc, startInRunc } from './runc.mjs'

/** SIGTERM for a guest that is busy: how its container ends. */
export async function terminate(container) {
  await container.said('busy')
  const { status, stderr } = container.kill('SIGTERM')
  assert.equal(status, 0, stderr)
  return container.ended
}

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
  const { status, stdout } = await terminate(container)
  assert.deepEqual([status, stdout], [3, 'busy\nreceived SIGTERM\n'])
}
