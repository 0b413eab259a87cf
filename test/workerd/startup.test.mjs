// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The limit of a start, and of a module that is imported later. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { COMMAND, executable, serve, stage } from './support/runtime.mjs'

const LIMIT = ['--startup-limit', '100ms']
const ENDLESS = {
  'at the top level': 'for (;;);',
  'in a microtask': 'Promise.resolve().then(() => { for (;;); });',
  'after a top-level await': 'await null; for (;;);',
  'in wasm': `import poll from './poll.wasm'
    new WebAssembly.Instance(poll).exports.forever()`
}

const alone = (port) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (),
    service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "main.mjs", esModule = embed "main.mjs"),
    (name = "poll.wasm", wasm = embed "poll.wasm")],
  compatibilityDate = "2026-03-01"
);`

const handler = 'export default { fetch: () => new Response("alive") }'

for (const [where, code] of Object.entries(ENDLESS)) {
  test(`a start that does not end ${where} is stopped`, async (t) => {
    const files = { 'main.mjs': `${code}\n${handler}` }
    const { path } = await stage(t, alone, files)
    const ended = spawnSync(
      COMMAND,
      [
        ...['workerd', ...LIMIT, '--log', '-', '--workerd', executable()],
        ...['--', 'serve', join(path, 'config.capnp')]
      ],
      { encoding: 'utf8', timeout: PATIENCE_MS }
    )
    assert.equal(ended.status, 1)
    assert.match(
      ended.stderr,
      /service main: Error: Script startup exceeded CPU time limit\./
    )
    const [, used] = /startup: (\S+) ms CPU.* exceededCpu/.exec(ended.stderr)
    assert.ok(used >= 100, used)
  })
}

test('a start within its limit is measured', async (t) => {
  const busy = 'for (let i = 0, at = Date.now(); i < 1e6; i++) at += i;'
  const files = { 'main.mjs': `${busy}\n${handler}` }
  const server = await serve(t, LIMIT, { makeConfig: alone, files })
  const starts = server.lines().filter(({ event }) => event === 'startup')
  assert.ok(starts.length > 0)
  assert.ok(starts.some((line) => line.cpu_ms > 0.1))
  assert.ok(starts.every((line) => line.outcome === 'ok'))
})

for (const [name, least, options] of [
  ['an import that does not end is rejected, the request lives', 100, LIMIT],
  ['an import has 1 s by default', 1000, ['--cpu-limit', '50ms']]
]) {
  test(name, async (t) => {
    const server = await serve(t, options)
    const { error } = await server.ask('/fetch/import')
    assert.match(error, /Script startup exceeded CPU time limit\./)
    // V8 keeps the module as one that has failed.
    assert.match((await server.ask('/fetch/import')).error, /^Error/)
    const { result } = await server.ask('/fetch/words')
    assert.equal(result.status, 200)
    const isImport = ({ event }) => event === 'import'
    await server.until(() => server.lines().some(isImport))
    const line = server.lines().find(isImport)
    assert.equal(line.outcome, 'exceededCpu')
    assert.ok(line.cpu_ms >= least, `${line.cpu_ms} ms`)
  })
}

/** It loads Workers of its own: one that does not start, and one that does. */
const loading = (port) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (),
    service = "main")]
);
const main :Workerd.Worker = (
  modules = [(name = "main.mjs", esModule = embed "main.mjs")],
  compatibilityDate = "2026-03-01",
  bindings = [(name = "loader", workerLoader = ())]
);`

const LOADER = `
const HANDLER = '${handler}'
const WORKERS = { '/endless': 'for (;;);' + HANDLER, '/lives': HANDLER }

export default {
  async fetch({ url }, { loader }) {
    const { pathname } = new URL(url)
    const code = WORKERS[pathname]
    if (!code) return new Response('listening')
    const worker = loader.get(pathname, () => ({
      compatibilityDate: '2026-03-01',
      mainModule: 'main.js',
      modules: { 'main.js': code }
    }))
    try {
      return await worker.getEntrypoint().fetch('http://loaded/')
    } catch (error) {
      return new Response(String(error))
    }
  }
}`

test('a Worker that is loaded later has 1 s by default', async (t) => {
  const server = await serve(t, ['--cpu-limit', '50ms'], {
    makeConfig: loading,
    files: { 'main.mjs': LOADER }
  })
  const stopped = await server.get('/endless')
  assert.match(await stopped.text(), /exceeded CPU time limit/)
  const alive = await server.get('/lives')
  assert.equal(await alive.text(), 'alive')
  const isStopped = (line) =>
    line.event === 'startup' && line.outcome === 'exceededCpu'
  await server.until(() => server.lines().some(isStopped))
  assert.ok(server.lines().find(isStopped).cpu_ms >= 1000)
})
