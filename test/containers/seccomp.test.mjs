// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Images in runc under seccomp profiles: that of Podman, and one for each system
 * call that wasmsig can do without. docs/how-to/containers.md has the list.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { cannotRun } from './support/able.mjs'
import { checkAll } from './support/checks.mjs'
import { guest, imageOf } from './support/images.mjs'
import { runInRunc } from './support/runc.mjs'
import { fromEngine, refusing } from './support/seccomp.mjs'

const skip = cannotRun('runc')

/** From Debian's package golang-github-containers-common. */
const PODMAN = '/usr/share/containers/seccomp.json'

const under = (profile) => (spec) => (spec.linux.seccomp = profile)

/** Without them something is slower or later; docs/how-to/containers.md. */
const OPTIONAL = [
  ['timer_create'],
  ['timer_settime'],
  ['sched_setattr'],
  ['process_vm_readv', 'process_vm_writev'],
  ['perf_event_open', 'ptrace', 'bpf', 'userfaultfd', 'io_uring_setup'],
  ['rseq'],
  ['membarrier'],
  ['statx'],
  ['prctl'],
  ['pkey_alloc', 'pkey_mprotect'],
  ['getrandom'],
  ['sched_getaffinity', 'sched_getattr']
]

describe('an image under a seccomp profile', { skip }, () => {
  test('of Podman: both limits and SIGTERM work', (t) =>
    checkAll(t, under(fromEngine(PODMAN))))

  for (const calls of OPTIONAL)
    for (const error of ['EPERM', 'ENOSYS'])
      test(`${calls} refused with ${error}: all works`, (t) =>
        checkAll(t, under(refusing(calls, error))))

  for (const call of ['clone3', 'memfd_create'])
    test(`${call} refused with ENOSYS: all works`, (t) =>
      checkAll(t, under(refusing([call], 'ENOSYS'))))

  test('memfd_create refused with EPERM: Wasmtime says so, WAMR works', async (t) => {
    const change = under(refusing(['memfd_create'], 'EPERM'))
    const stopped = (engine) => {
      const options = ['--cpu-hard', '50ms', '--engine', engine]
      return runInRunc(t, imageOf(guest('plain'), options), { change })
    }
    const { status, stderr } = await stopped('wasmtime')
    assert.deepEqual(
      [status, stderr],
      [1, 'wasmsig: /app.wasm: cannot create a memfd\n']
    )
    assert.equal((await stopped('wamr')).status, 152)
  })

  test('no thread may be created: one line says so', async (t) => {
    const image = imageOf(guest('plain'), ['--cpu-hard', '50ms'])
    const { status, stdout, stderr } = await runInRunc(t, image, {
      change: under(refusing(['clone', 'clone3'], 'EPERM'))
    })
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^wasmsig: .*thread.*\n$/)
  })
})
