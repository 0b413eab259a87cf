// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Podman with crun and our handler, from an image that holds only a wasm file. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { begin } from '../support/processes.mjs'
import { cannotRun } from './support/able.mjs'
import { annotationsOf, runtimeFile, wasmOnlyImage } from './support/crun.mjs'
import { guest, imageOf } from './support/images.mjs'

const skip = cannotRun('podman', 'crun')

describe('Podman with crun and our handler', { skip }, () => {
  let folder
  let options
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'wasmsig-podman-'))
    options = [
      ...['--root', join(folder, 'root'), '--runroot', join(folder, 'run')],
      ...['--tmpdir', join(folder, 'tmp'), '--storage-driver', 'vfs'],
      ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'none'],
      ...['--runtime', runtimeFile(folder)]
    ]
  })
  after(() => {
    podman('rm', '--all', '--force', '--time', '0')
    spawnSync('umount', [join(folder, 'root/vfs')])
    rmSync(folder, { recursive: true })
  })

  const podman = (...words) =>
    spawnSync('podman', [...options, ...words], { encoding: 'utf8' })

  /** Starts a container; annotations are those of wasmsig, without the prefix. */
  function start(t, { archive, name }, annotations, more = []) {
    const loaded = podman('load', '--input', archive)
    assert.equal(loaded.status, 0, loaded.stderr)
    const all = annotations ? annotationsOf(annotations) : {}
    const words = Object.entries(all).flatMap(([key, value]) => [
      ...['--annotation', `${key}=${value}`]
    ])
    const id = `wasmsig-${process.pid}-${Math.random().toString(36).slice(2)}`
    // A user whose limits are below Podman's own may not raise them.
    const limits = [
      '--ulimit',
      'nofile=1024:1024',
      '--ulimit',
      'nproc=1024:1024'
    ]
    const program = begin(
      t,
      'podman',
      [
        ...[...options, 'run', '--rm', '--name', id, '--network', 'none'],
        ...[...limits, ...words, ...more, name]
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] }
    )
    return { ...program, stop: () => podman('stop', '--time', '60', id) }
  }

  const only = (name) => wasmOnlyImage(guest(name), name)

  test('a soft limit signals, a hard one ends with 152', async (t) => {
    const soft = await start(t, only('receives'), { 'cpu-soft': '50ms' }).ended
    assert.deepEqual(
      [soft.status, soft.stdout],
      [3, 'busy\nreceived SIGXCPU\n'],
      soft.stderr
    )
    const hard = await start(t, only('plain'), { 'cpu-hard': '50ms' }).ended
    assert.equal(hard.status, 152, hard.stderr)
  })

  for (const [name, status] of [
    ['receives', 3],
    ['plain', 143]
  ])
    test(`podman stop ends a guest that is called '${name}'`, async (t) => {
      const container = start(t, only(name), { grace: '1s' })
      await container.said('busy')
      const stopped = container.stop()
      assert.equal(stopped.status, 0, stopped.stderr)
      assert.equal((await container.ended).status, status)
    })

  test('an annotation that is wrong: no container, and a message', async (t) => {
    const { status, stderr } = await start(t, only('plain'), { cpu: '1s' })
      .ended
    assert.notEqual(status, 0)
    assert.match(stderr, /there is no annotation 'wasmsig\.cpu'/)
  })

  test('read-only, another user, no capabilities', async (t) => {
    const { status, stderr } = await start(
      t,
      only('receives'),
      { 'cpu-soft': '50ms' },
      [
        ...['--read-only', '--user', '1234:1234', '--cap-drop', 'all'],
        ...['--security-opt', 'no-new-privileges']
      ]
    ).ended
    assert.equal(status, 3, stderr)
  })

  test('an image with the command needs no handler', async (t) => {
    const image = imageOf(guest('receives'), ['--cpu-soft', '50ms'])
    const { status, stdout, stderr } = await start(t, image).ended
    assert.deepEqual([status, stdout], [3, 'busy\nreceived SIGXCPU\n'], stderr)
  })
})
