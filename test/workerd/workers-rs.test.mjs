// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * examples/workers-rs: a Worker of the crate `worker`, built by worker-build. It
 * answers at its soft limit; stopped at its hard limit, it starts again.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { piDigits } from '../../examples/pi/machin.mjs'
import { serve } from './support/runtime.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLE = join(ROOT, 'examples/workers-rs')
const OUTPUT = join(ROOT, 'build/guests/workers-rs')

const makeConfig = (port) =>
  readFileSync(join(EXAMPLE, 'config.capnp'), 'utf8').replace(
    ':8787',
    `:${port}`
  )

before(() => {
  const { status, stderr } = spawnSync(join(EXAMPLE, 'build'), [OUTPUT], {
    encoding: 'utf8'
  })
  assert.equal(status, 0, stderr)
})

function start(t, limits) {
  const files = {}
  for (const name of ['index.js', 'index_bg.wasm']) {
    files[name] = readFileSync(join(OUTPUT, 'worker', name))
  }
  return serve(t, limits, { makeConfig, files })
}

async function ask(server, path) {
  const answer = await server.get(path)
  return { status: answer.status, text: await answer.text() }
}

test('a Worker in Rust answers with the digits that it has', async (t) => {
  const server = await start(t, ['--cpu-limit', '100ms', '--cpu-margin', '50%'])
  const { status, text } = await ask(server, '/')
  assert.equal(status, 200)
  const [, count, pi] = /^near .* after (\d+) digits\n3\.(\d+)\n$/.exec(text)
  assert.equal(pi.length + 1, Number(count))
  assert.equal(`3${pi}`, piDigits(Number(count)))
  await server.until(() => server.lines().some(({ signals }) => signals === 1))
  const line = server.lines().find(({ signals }) => signals === 1)
  assert.equal(line.outcome, 'ok')
  assert.ok(line.cpu_ms >= 50, `${line.cpu_ms} ms`)
})

test('a Worker that was stopped starts again', async (t) => {
  const limits = ['--cpu-limit', '100ms', '--mark-terminated']
  const server = await start(t, limits)
  await ask(server, '/alive')
  for (let stops = 0; stops < 3; stops++) {
    const before = await ask(server, '/alive')
    assert.match(before.text, /^signals true, answered [1-9]\d*\n$/)
    assert.equal((await ask(server, '/endless')).status, 503)
    const after = await ask(server, '/alive')
    assert.deepEqual(after, { status: 200, text: 'signals true, answered 0\n' })
  }
  assert.match((await ask(server, '/')).text, /^near the CPU limit/)
})

test('without a mark the glue calls the stopped instance, which hangs', async (t) => {
  const server = await start(t, ['--cpu-limit', '100ms'])
  assert.equal((await ask(server, '/endless')).status, 503)
  assert.equal((await ask(server, '/alive')).status, 500)
  await server.until(() => /code had hung/.test(server.stderr))
})
