// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Images in containerd: limits, signals, and what a container may use. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { cannotRun } from './support/able.mjs'
import { terminate } from './support/checks.mjs'
import { startContainerd } from './support/containerd.mjs'
import { guest, imageOf } from './support/images.mjs'

const skip = cannotRun('containerd', 'ctr', 'runc')

describe('an image in containerd', { skip }, () => {
  let containerd
  before(async () => (containerd = await startContainerd()))
  after(() => containerd?.stop())

  const run = (t, image, options) => containerd.run(t, image, options).ended
  const receives = () => imageOf(guest('receives'), ['--grace', '1s'])

  test('is signalled at its soft limit', async (t) => {
    const image = imageOf(guest('receives'), ['--cpu-soft', '50ms'])
    const { status, stdout } = await run(t, image)
    assert.deepEqual([status, stdout], [3, 'busy\nreceived SIGXCPU\n'])
  })

  test('is stopped at its hard limit with status 152', async (t) => {
    const image = imageOf(guest('plain'), ['--cpu-hard', '50ms'])
    const { status, stderr } = await run(t, image)
    assert.equal(status, 152)
    assert.match(stderr, /stopped at its CPU limit/)
  })

  for (const [name, status, answer] of [
    ['receives', 3, 'received SIGTERM\n'],
    ['ignores', 143, ''],
    ['plain', 143, '']
  ])
    test(`one SIGTERM ends a guest that is called '${name}'`, async (t) => {
      const image = imageOf(guest(name), ['--grace', '1s'])
      const container = containerd.run(t, image)
      const ended = await terminate(container)
      assert.deepEqual(
        [ended.status, ended.stdout],
        [status, `busy\n${answer}`]
      )
    })

  test('a throttled guest is charged what it used', async (t) => {
    const image = imageOf(guest('plain'), [
      '--cpu-hard',
      '200ms',
      '--stats=json'
    ])
    const quota = ['--cpu-quota', '20000', '--cpu-period', '100000']
    const { status, stderr } = await run(t, image, quota)
    assert.equal(status, 152)
    const stats = JSON.parse(stderr.split('\n').find((l) => l.startsWith('{')))
    const { cpu_ns: cpu, wall_ns: wall } = stats
    assert.ok(cpu >= 200e6, `stopped at ${cpu} ns`)
    // Of 100 ms it may use 20: four periods have passed at least.
    assert.ok(wall >= 400e6, `not throttled: ${wall} ns`)
  })

  for (const [what, options] of [
    ['a read-only root', ['--read-only']],
    ['the default seccomp profile of containerd', ['--seccomp']]
  ])
    test(`with ${what}, both limits and SIGTERM work`, async (t) => {
      const soft = imageOf(guest('receives'), ['--cpu-soft', '50ms'])
      const signalled = await run(t, soft, options)
      assert.deepEqual(
        [signalled.status, signalled.stdout],
        [3, 'busy\nreceived SIGXCPU\n']
      )
      const hard = imageOf(guest('plain'), ['--cpu-hard', '50ms'])
      assert.equal((await run(t, hard, options)).status, 152)
      const container = containerd.run(t, receives(), options)
      const { status, stdout } = await terminate(container)
      assert.deepEqual([status, stdout], [3, 'busy\nreceived SIGTERM\n'])
    })
})
