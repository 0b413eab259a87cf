// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The image of workerd: requests have limits, and SIGTERM ends it. */
import assert from 'node:assert/strict'
import { cpSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { folder } from '../cli/support/command.mjs'
import { PATIENCE_MS } from '../support/patience.mjs'
import { freePort } from '../support/ports.mjs'
import { executable, guest } from '../workerd/support/runtime.mjs'
import { cannotRun } from './support/able.mjs'
import { ROOT, makeImage } from './support/images.mjs'
import { startInRunc } from './support/runc.mjs'

const skip = cannotRun('runc')

const config = (port) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [
    (name = "http", address = "127.0.0.1:${port}", http = (), service = "main")
  ]
);
const main :Workerd.Worker = (
  modules = [
    (name = "index.mjs", esModule = embed "index.mjs"),
    (name = "poll.wasm", wasm = embed "poll.wasm")
  ],
  compatibilityDate = "2026-03-01"
);`

/** The folder of a Worker, with a config that listens on `port`. */
async function workerFolder(t, port) {
  const place = folder(t)
  const source = join(ROOT, 'test/workerd/workers/project.mjs')
  cpSync(source, join(place, 'index.mjs'))
  writeFileSync(join(place, 'poll.wasm'), await guest('poll'))
  writeFileSync(join(place, 'config.capnp'), config(port))
  return place
}

/** Waits for the server; anything else than a refused connection is an error. */
async function answer(port, path) {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      return [response.status, (await response.text()).split('\n')[0]]
    } catch (error) {
      if (error.cause?.code !== 'ECONNREFUSED' || Date.now() > until)
        throw error
      await sleep(50)
    }
  }
}

test('the image of workerd limits requests', { skip }, async (t) => {
  const port = await freePort()
  const archive = join(folder(t), 'workerd.tar')
  const packages = dirname(dirname(dirname(dirname(executable()))))
  makeImage([
    ...['--workerd', await workerFolder(t, port), '--packages', packages],
    ...['--arch', 'x64', '-o', archive, '--', '--cpu-limit', '60ms']
  ])
  const container = startInRunc(
    t,
    { archive },
    {
      change: ({ linux }) => {
        linux.namespaces = linux.namespaces.filter(
          ({ type }) => type !== 'network'
        )
      }
    }
  )
  const over = container.ended.then(({ stderr }) => {
    throw new Error(`the container ended: ${stderr}`)
  })
  over.catch(() => {})
  const ask = (path) => Promise.race([answer(port, path), over])
  assert.deepEqual(await ask('/lives'), [200, 'alive'])
  assert.deepEqual(await ask('/signalled'), [200, 'signal 24'])
  assert.equal((await ask('/stopped/wasm'))[0], 503)
  assert.equal((await ask('/stopped/js'))[0], 503)
  assert.deepEqual(await ask('/lives'), [200, 'alive'])
  const killed = container.kill('SIGTERM')
  assert.equal(killed.status, 0, killed.stderr)
  await container.ended
})
