// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The log and the metrics: where they go, and where they cannot. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync } from 'node:fs'
import { mkdirSync, readFileSync, readSync, writeSync } from 'node:fs'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { COMMAND, VERSION, VERSIONS } from './support/runtime.mjs'
import { executable, folder, serve } from './support/runtime.mjs'

const PATIENCE = { timeout: PATIENCE_MS }
const LIMIT = ['--cpu-limit', '1s']

/** One Worker that answers at once. */
const single = {
  makeConfig: (port) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "single", worker = .single)],
  sockets = [
    (name = "http", address = "127.0.0.1:${port}", http = (), service = "single")
  ]
);
const single :Workerd.Worker = (
  modules = [(name = "single.mjs", esModule = embed "single.mjs")],
  compatibilityDate = "2026-03-01"
);`,
  files: {
    'single.mjs': 'export default { fetch: () => new Response("answered") }'
  }
}

/** A server that has answered so many requests. */
async function answered(t, requests, options, more) {
  const server = await serve(t, options, { ...single, ...more })
  // The first request was the one that noticed that it listens.
  for (let request = 1; request < requests; request++) {
    const answer = await server.get('/')
    assert.equal(await answer.text(), 'answered')
  }
  return server
}

async function terminate(server) {
  server.child.kill('SIGTERM')
  await server.ended
}

// ----------------------------------------------------------------- metrics

const COUNT =
  /^wasmsig_workerd_cpu_seconds_count\{event="request",outcome="ok"\} (\d+)$/m

const requestsIn = (file) => Number(COUNT.exec(readFileSync(file, 'utf8'))[1])

test('the metrics are a file of counters', async (t) => {
  const file = join(folder(t), 'workerd.prom')
  const server = await serve(t, ['--cpu-limit', '30ms', '--metrics', file])
  await server.ask('/fetch/first/js')
  await server.ask('/fetch/words')
  await server.until(
    () =>
      existsSync(file) &&
      /^wasmsig_workerd_kills_total 1$/m.test(readFileSync(file, 'utf8'))
  )
  const text = readFileSync(file, 'utf8')
  const label = 'event="request",outcome="exceededCpu"'
  const name = 'wasmsig_workerd_cpu_seconds'
  assert.ok(text.includes(`# TYPE ${name} histogram`))
  assert.ok(text.includes(`${name}_bucket{${label},le="0.02"} 0`))
  assert.ok(text.includes(`${name}_bucket{${label},le="+Inf"} 1`))
  assert.ok(text.includes(`${name}_count{${label}} 1`))
  assert.match(text, /^wasmsig_workerd_signals_total 1$/m)
  for (const line of text.trim().split('\n')) {
    assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.]+)$/)
  }
})

for (const version of new Set([VERSIONS[0], VERSION])) {
  test(`the reports are complete after SIGTERM: ${version}`, async (t) => {
    const file = join(folder(t), 'workerd.prom')
    const options = [...LIMIT, '--metrics', file]
    const server = await answered(t, 4, options, { version })
    await terminate(server)
    assert.equal(requestsIn(file), 4)
    const lines = server.lines().filter(({ event }) => event === 'request')
    assert.equal(lines.length, 4)
  })
}

test('each process has its own metrics, if the file names it', async (t) => {
  const here = folder(t)
  const options = [...LIMIT, '--metrics', join(here, 'workerd-%p.prom')]
  const servers = [await answered(t, 2, options), await answered(t, 5, options)]
  for (const server of servers) await terminate(server)
  const [two, five] = servers.map(({ child }) =>
    join(here, `workerd-${child.pid}.prom`)
  )
  assert.equal(requestsIn(two), 2)
  assert.equal(requestsIn(five), 5)
  assert.equal(readdirSync(here).length, 2)
})

test('two processes do not write the same temporary file', async (t) => {
  const here = folder(t)
  const file = join(here, 'workerd.prom')
  const options = [...LIMIT, '--metrics', file]
  const servers = [await answered(t, 2, options), await answered(t, 5, options)]
  // Where a process writes beside the file, the other one has a directory.
  const [first, second] = servers
  mkdirSync(`${file}.${first.child.pid}.new`)
  await terminate(second)
  assert.equal(requestsIn(file), 5)
  await first.get('/')
  await terminate(first)
  assert.equal(requestsIn(file), 5)
})

test('metrics that cannot be written are refused before the start', (t) => {
  const here = folder(t)
  for (const [path, reason] of [
    [join(here, 'no-folder/workerd.prom'), 'No such file or directory'],
    [here, 'it is not a regular file'],
    ['/dev/null', 'it is not a regular file']
  ]) {
    const options = ['--metrics', path, '--workerd', executable()]
    const { status, stdout, stderr } = spawnSync(
      COMMAND,
      ['workerd', ...LIMIT, ...options, '--', '--version'],
      { encoding: 'utf8', timeout: PATIENCE_MS }
    )
    assert.equal(status, 1, path)
    assert.equal(
      stderr,
      `wasmsig: workerd's limits: ${path} cannot be written: ${reason}\n`
    )
    assert.equal(stdout, '')
  }
  assert.deepEqual(readdirSync(here), [])
})

// --------------------------------------------------------------------- log

/** A pipe that is full of empty lines, and its reader, which does not wait. */
function fullPipe(t) {
  const path = join(folder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  t.after(() => closeSync(pipe))
  try {
    for (;;) writeSync(pipe, '\n'.repeat(4096))
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error
  }
  return { path, pipe }
}

/** What is in the pipe now. */
function contentOf(pipe) {
  const bytes = Buffer.alloc(1 << 20)
  try {
    return bytes.toString('utf8', 0, readSync(pipe, bytes))
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error
    return ''
  }
}

test('a log that is a full pipe stops no request', PATIENCE, async (t) => {
  const { path, pipe } = fullPipe(t)
  const server = await answered(t, 20, LIMIT, { log: path })
  let text = ''
  const requests = () => text.match(/"event":"request"/g) ?? []
  while (requests().length < 20) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    text += contentOf(pipe)
  }
  assert.equal(requests().length, 20)
  const lines = text.split('\n').filter(Boolean)
  for (const line of lines) assert.equal(typeof JSON.parse(line), 'object')
})

test('a full pipe does not stop the end of the process', async (t) => {
  const { path } = fullPipe(t)
  const server = await answered(t, 2, LIMIT, { log: path })
  await terminate(server)
  assert.equal(server.child.exitCode, 0)
})
