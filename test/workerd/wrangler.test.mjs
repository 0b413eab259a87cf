// SPDX-License-Identifier: Apache-2.0 OR MIT
/** `wrangler dev`, offline, with the limits of its own configuration. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { pause, startServer, useWorker } from './support/dev-server.mjs'
import { project, workerFiles } from './support/npm.mjs'

const CONFIG = {
  name: 'subject',
  main: 'src/index.mjs',
  compatibility_date: '2026-03-01',
  limits: { cpu_ms: 60 },
  env: { wide: { limits: { cpu_ms: 250 } } }
}
const LOG = ['--log', 'requests.jsonl', '--log-format', 'json']

const dev = (made, own, ...more) =>
  startServer(made, (port) => [
    ...[...own, 'wrangler', 'dev', '--ip', '127.0.0.1'],
    ...['--port', String(port), ...more]
  ])

const stopped = (made) =>
  made
    .lines()
    .filter(({ service }) => service === 'core:user:subject')
    .filter(({ outcome }) => outcome === 'exceededCpu')

test('one Worker lives, is signalled, is stopped', async (t) => {
  const files = { ...(await workerFiles()), 'wrangler.json': CONFIG }
  const made = project(t, 'wrangler', files)
  const server = await dev(made, LOG)
  await useWorker(server)
  assert.equal(stopped(made).length, 2)

  server.child.kill('SIGTERM')
  const { status, signal } = await server.child.ended
  assert.ok(status !== null || signal === 'SIGTERM', `${status} ${signal}`)
})

test('the limit is that of --env, in a file that --config names', async (t) => {
  const files = { ...(await workerFiles()), 'other.json': CONFIG }
  const made = project(t, 'wrangler', files)
  const options = ['--config', 'other.json', '--env=wide']
  const server = await dev(made, LOG, ...options)
  assert.match((await server.ask('/stopped/js'))[1], /exceeded CPU time limit/)
  const lines = made.lines().filter(({ outcome }) => outcome === 'exceededCpu')
  assert.equal(lines.length, 1)
  assert.ok(lines[0].cpu_ms >= 250, `${lines[0].cpu_ms} ms`)
})

test('a reload in the middle of a loop serves the new Worker', async (t) => {
  const files = { ...(await workerFiles()), 'wrangler.json': CONFIG }
  const made = project(t, 'wrangler', files)
  const server = await dev(made, ['--cpu-limit', '3s'])
  const loops = ['/stopped/js', '/stopped/wasm'].map((path) =>
    server.ask(path).catch((error) => [0, error.message])
  )
  const text = made.read('src/index.mjs').replace('alive', 'reloaded')
  made.write({ 'src/index.mjs': text })
  let answer
  do {
    await pause()
    answer = await server.ask('/lives')
  } while (answer?.[1] !== 'reloaded')
  for (const [status] of await Promise.all(loops)) assert.notEqual(status, 200)
})

test('a configuration that wrangler cannot read is refused', async (t) => {
  const wrong = { ...CONFIG, compatibility_date: 2026 }
  const made = project(t, 'wrangler', { 'wrangler.json': wrong })
  const { status, stderr, stdout } = made.limited(['wrangler', 'dev'])
  assert.equal(status, 1)
  assert.match(stderr, /^wasmsig-workerd: wrangler's configuration cannot be/)
  assert.match(stderr, /"compatibility_date" to be of type string/)
  assert.equal(stdout, '')
})

test('without a limit anywhere it is wrong usage', async (t) => {
  const { limits, env, ...none } = CONFIG
  const made = project(t, 'wrangler', { 'wrangler.json': none })
  const { status, stderr } = made.limited(['wrangler', 'dev'])
  assert.equal(status, 2, JSON.stringify([limits, env]))
  assert.match(stderr, /no --cpu-limit, and no limits\.cpu_ms/)
})
