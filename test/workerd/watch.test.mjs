// SPDX-License-Identifier: Apache-2.0 OR MIT
/** `workerd serve --watch` starts itself again when a Worker changes. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { serve } from './support/runtime.mjs'

const config = (port) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (),
    service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "main.mjs", esModule = embed "main.mjs")],
  compatibilityDate = "2026-03-01"
);`

const worker = (version) => `export default {
  fetch(request) {
    if (new URL(request.url).pathname === '/version') {
      return new Response('${version}')
    }
    if (new URL(request.url).pathname === '/endless') for (;;);
    return new Response('alive')
  }
}`

const LIMIT = ['--cpu-limit', '100ms']

test('limits stay when a Worker changes under --watch', async (t) => {
  const files = { 'main.mjs': worker('first') }
  const server = await serve(t, LIMIT, {
    makeConfig: config,
    files,
    watch: true
  })
  const variables = () =>
    readFileSync(`/proc/${server.child.pid}/environ`, 'utf8')
      .split('\0')
      .filter((text) => /^(WASMSIG_WORKERD_|LD_PRELOAD)/.test(text))
      .sort()
  const atFirst = variables()
  for (const version of ['second', 'third']) {
    writeFileSync(join(server.folder, 'main.mjs'), worker(version))
    await server.until(async () => {
      const answer = await server.get('/version').catch(() => null)
      return answer && (await answer.text()) === version
    })
    const stopped = await server.get('/endless')
    assert.equal(stopped.status, 503, version)
    assert.equal((await server.get('/')).status, 200)
    assert.deepEqual(variables(), atFirst)
  }
})
