// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * A containerd of the test's own: its folders, its socket, and no part for
 * Kubernetes. It ends with the test file.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { PATIENCE_MS } from '../../support/patience.mjs'
import { begin } from '../../support/processes.mjs'

const SNAPSHOTS = ['--snapshotter', 'native']

const configuration = (folder) => `
version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${folder}/socket"
[ttrpc]
address = "${folder}/socket.ttrpc"
`

class Containerd {
  #folder = mkdtempSync(join(tmpdir(), 'wasmsig-containerd-'))
  #imported = new Set()
  #daemon
  #count = 0

  /** Starts it, and waits until it answers. */
  async start() {
    const settings = join(this.#folder, 'config.toml')
    const log = join(this.#folder, 'log')
    writeFileSync(settings, configuration(this.#folder))
    const output = openSync(log, 'a')
    this.#daemon = spawn('containerd', ['--config', settings], {
      stdio: ['ignore', output, output]
    })
    const until = Date.now() + PATIENCE_MS
    while (this.ctr('version').status !== 0) {
      const isOver = this.#daemon.exitCode !== null || Date.now() > until
      if (isOver) throw new Error(`containerd: ${readFileSync(log, 'utf8')}`)
      await sleep(50)
    }
  }

  #options(words) {
    return ['--address', join(this.#folder, 'socket'), ...words]
  }

  /** Runs ctr to its end: { status, stdout, stderr }. */
  ctr(...words) {
    return spawnSync('ctr', this.#options(words), { encoding: 'utf8' })
  }

  #import({ archive, name }) {
    if (this.#imported.has(name)) return
    const done = this.ctr('images', 'import', ...SNAPSHOTS, archive)
    assert.equal(done.status, 0, done.stderr)
    this.#imported.add(name)
  }

  /**
   * Starts a container of an image's archive.
   *
   * @param {string[]} [options] of `ctr run`
   * @returns {{ child, said, ended, kill }} as begin() in test/support;
   *   kill(signal) is `ctr tasks kill`
   */
  run(t, image, options = []) {
    this.#import(image)
    const id = `test-${this.#count++}`
    const words = ['run', '--rm', ...SNAPSHOTS, ...options, image.name, id]
    t.after(() => {
      this.ctr('tasks', 'delete', '--force', id)
      this.ctr('containers', 'delete', id)
    })
    const program = begin(t, 'ctr', this.#options(words), {
      stdio: ['ignore', 'pipe', 'pipe']
    })
    const kill = (signal) => this.ctr('tasks', 'kill', '--signal', signal, id)
    return { ...program, kill }
  }

  /** Ends it, and removes everything. */
  async stop() {
    if (this.#daemon.exitCode === null) {
      const ended = once(this.#daemon, 'exit')
      this.#daemon.kill('SIGTERM')
      await ended
    }
    rmSync(this.#folder, { recursive: true, maxRetries: 10 })
  }
}

/** One for all tests of a file: call it in before(), and stop() in after(). */
export async function startContainerd() {
  const containerd = new Containerd()
  try {
    await containerd.start()
  } catch (error) {
    await containerd.stop()
    throw error
  }
  return containerd
}
