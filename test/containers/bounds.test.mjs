// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Images in runc, with what a container may be denied: users, memory, threads,
 * file systems.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { folder } from '../cli/support/command.mjs'
import { cannotRun } from './support/able.mjs'
import { checkAll } from './support/checks.mjs'
import { guest, imageOf, unpack } from './support/images.mjs'
import { runInRunc } from './support/runc.mjs'

const skip = cannotRun('runc')

const without = (path) => (spec) => {
  spec.mounts = spec.mounts.filter(
    ({ destination }) => !destination.startsWith(path)
  )
}
const withMemory = (mebibytes) => (spec) => {
  spec.linux.resources.memory = { limit: mebibytes << 20 }
}

describe('an image in runc', { skip }, () => {
  const prints = (...options) => imageOf(guest('prints'), options)

  test('passes arguments on, and has the status of the program', async (t) => {
    const args = ['a b', '--stats', '']
    const { status, stdout } = await runInRunc(t, prints(), { args })
    assert.deepEqual([status, stdout], [0, 'a b\n--stats\n\n'])
  })

  test('has the command, its libraries, the program, and licences', async (t) => {
    await runInRunc(t, prints(), {
      change: ({ root, process, mounts }) => {
        assert.deepEqual(process.user, { uid: 65532, gid: 65532 })
        assert.ok(root.readonly && process.noNewPrivileges && mounts.length)
        const names = readdirSync(root.path, { recursive: true })
          .filter((name) => statSync(join(root.path, name)).isFile())
          .filter((name) => !name.startsWith('usr/share/doc/'))
        assert.deepEqual(names.sort(), [
          'app.wasm',
          'lib/x86_64-linux-gnu/libc.so.6',
          'lib/x86_64-linux-gnu/libdl.so.2',
          'lib/x86_64-linux-gnu/libgcc_s.so.1',
          'lib/x86_64-linux-gnu/libm.so.6',
          'lib/x86_64-linux-gnu/libpthread.so.0',
          'lib/x86_64-linux-gnu/libwasmtime.so',
          'lib64/ld-linux-x86-64.so.2',
          'wasmsig'
        ])
      }
    })
  })

  for (const [what, change] of [
    ['a read-only root, no capability and no new privileges', () => {}],
    ['a root that may be written', (spec) => (spec.root.readonly = false)],
    ['another user', (spec) => (spec.process.user = { uid: 1234, gid: 0 })],
    ['root as its user', (spec) => (spec.process.user = { uid: 0, gid: 0 })],
    ['no /dev', without('/dev')],
    ['no /sys', without('/sys')]
  ])
    test(`with ${what}, both limits and SIGTERM work`, (t) =>
      checkAll(t, change))

  test('a guest past the memory of its control group is killed', async (t) => {
    const small = await runInRunc(t, prints(), {
      change: withMemory(96),
      args: ['take', '16']
    })
    assert.deepEqual([small.status, small.stdout], [0, 'take\n16\ntaken\n'])
    const { status, stdout } = await runInRunc(t, prints(), {
      change: withMemory(96),
      args: ['take', '200']
    })
    assert.equal(status, 137) // by the kernel
    assert.doesNotMatch(stdout, /taken/)
  })

  test('--max-memory keeps a guest below it', async (t) => {
    const { status, stdout } = await runInRunc(
      t,
      prints('--max-memory', '64MiB'),
      { args: ['take', '200'] }
    )
    assert.equal(status, 1) // malloc() failed
    assert.doesNotMatch(stdout, /taken/)
  })

  test('without permission to start a thread it says so, in a line', async (t) => {
    const image = imageOf(guest('plain'), ['--cpu-hard', '50ms'])
    const { status, stdout, stderr } = await runInRunc(t, image, {
      // runc itself has threads in the group until the program starts.
      change: (spec) =>
        (spec.process.rlimits = [{ type: 'RLIMIT_NPROC', hard: 1, soft: 1 }])
    })
    assert.equal(status, 1, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /^wasmsig: .*thread.*\n$/)
  })

  // runc itself needs /proc in a container: this one is made of its parts.
  test('without /proc the hard limit stops a guest', (t) => {
    const run = (engine) => {
      const place = folder(t)
      const { archive } = imageOf(guest('receives'), [
        ...['--cpu-soft', '50ms', '--cpu-hard', '200ms', '--engine', engine]
      ])
      const { rootfs, config } = unpack(archive, place)
      const spaces = ['--mount', '--pid', '--net', '--fork']
      return spawnSync(
        'unshare',
        [...spaces, 'chroot', rootfs, ...config.Entrypoint],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
      )
    }
    const { status, stdout, stderr } = run('wasmtime')
    assert.deepEqual([status, stdout], [152, 'busy\n'], stderr)
    // docs/how-to/containers.md says both.
    assert.match(stderr, /stopped at its CPU limit/)
    const wamr = run('wamr')
    assert.equal(wamr.status, 1)
    assert.match(wamr.stderr, /WAMR does not start/)
  })
})
