// SPDX-License-Identifier: Apache-2.0 OR MIT
/** `vite dev` with Cloudflare's plug-in, which runs the Worker in miniflare. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { startServer, useWorker } from './support/dev-server.mjs'
import { project, workerFiles } from './support/npm.mjs'

const CONFIG = {
  name: 'subject',
  main: 'src/index.mjs',
  compatibility_date: '2026-03-01',
  limits: { cpu_ms: 400 }
}
const PLUGIN = `
import { cloudflare } from '@cloudflare/vite-plugin'
export default { plugins: [cloudflare()] }`
const LOG = ['--log', 'requests.jsonl', '--log-format', 'json']

const stopped = (made) =>
  made.lines().filter(({ outcome }) => outcome === 'exceededCpu')

const ENDLESS = { 'src/index.mjs': 'for (;;);' }

const files = async () => ({
  ...(await workerFiles()),
  'wrangler.json': CONFIG,
  'vite.config.mjs': PLUGIN
})

/** A project under `vite dev`. */
async function dev(t) {
  const made = project(t, 'vite', await files())
  const server = await startServer(made, (port) => [
    ...[...LOG, 'vite', 'dev', '--host', '127.0.0.1'],
    ...['--port', String(port), '--strictPort']
  ])
  return { made, server }
}

test('one Worker lives, is signalled, is stopped', async (t) => {
  const { made, server } = await dev(t)
  await useWorker(server)
  assert.equal(stopped(made).length, 2)
  for (const { cpu_ms: used } of stopped(made)) {
    assert.ok(used >= 400, `${used} ms`)
  }
})

test('a module that does not end when vite starts ends vite', async (t) => {
  const made = project(t, 'vite', { ...(await files()), ...ENDLESS })
  const { status, stderr } = made.limited([...LOG, 'vite', 'dev'])
  assert.equal(status, 1)
  assert.match(stderr, /Error: Worker exceeded CPU time limit\./)
})
