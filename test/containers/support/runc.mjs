// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Containers that runc starts from a specification of the test's own: for what
 * the options of `ctr run` cannot say.
 * https://github.com/opencontainers/runtime-spec
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { begin } from '../../support/processes.mjs'
import { unpack } from './images.mjs'

const mount = (destination, type, ...options) => ({
  ...{ destination, type, source: type },
  options: ['nosuid', 'noexec', 'nodev', ...options]
})

/** The mounts that Docker gives a container, without its files of the network. */
const MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  { ...mount('/dev', 'tmpfs', 'mode=755', 'size=64k') },
  mount('/dev/shm', 'tmpfs', 'mode=1777'),
  mount('/sys', 'sysfs', 'ro')
]
// /dev has devices, which nodev would hide.
MOUNTS[1].options = ['nosuid', 'strictatime', 'mode=755', 'size=64k']

/** A container with what Docker gives by default, except capabilities. */
function specification({ config, rootfs }, args) {
  const [uid, gid] = config.User.split(':').map(Number)
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid, gid },
      args: [...config.Entrypoint, ...(config.Cmd ?? []), ...args],
      env: ['PATH=/', ...(config.Env ?? [])],
      cwd: config.WorkingDir || '/',
      capabilities: {},
      noNewPrivileges: true
    },
    root: { path: rootfs, readonly: true },
    hostname: 'container',
    mounts: MOUNTS,
    linux: {
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({
        type
      })),
      resources: {}
    }
  }
}

let count = 0

/**
 * Starts a container of an image's archive.
 *
 * @param {(spec: object) => void} [change] changes the specification
 * @returns {{ child, said, ended, kill, id }} as begin() in test/support;
 *   kill(signal) is `runc kill`
 */
export function startInRunc(t, image, options) {
  return start(t, ['runc'], image, options)
}

/**
 * The same by another runtime with runc's command line: `command` are the words
 * that start it.
 */
export function start(t, command, { archive }, { args = [], change } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-runc-'))
  const spec = specification(unpack(archive, folder), args)
  change?.(spec)
  writeFileSync(join(folder, 'config.json'), JSON.stringify(spec))
  const state = join(folder, 'state')
  mkdirSync(state)
  const id = `wasmsig-test-${process.pid}-${count++}`
  const [file, ...before] = command
  const runtime = (...words) =>
    spawnSync(file, [...before, '--root', state, ...words], {
      encoding: 'utf8'
    })
  t.after(() => {
    runtime('delete', '--force', id)
    rmSync(folder, { recursive: true })
  })
  const program = begin(
    t,
    file,
    [...before, '--root', state, 'run', '--bundle', folder, id],
    { stdio: ['ignore', 'pipe', 'pipe'] }
  )
  return { ...program, id, kill: (signal) => runtime('kill', id, signal) }
}

/** Runs one to its end: { status, stdout, stderr }. */
export const runInRunc = (t, image, options) =>
  startInRunc(t, image, options).ended
