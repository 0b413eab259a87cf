// SPDX-License-Identifier: Apache-2.0 OR MIT
/** examples/server/load.js: who is answered. How soon is only printed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { begin } from '../support/processes.mjs'
import { buildPlugins } from './support/server.mjs'

const LOAD = fileURLToPath(
  new URL('../../examples/server/load.js', import.meta.url)
)
const QUIET_TENANTS = 3
const ROUNDS = 2
const REQUESTS = 5

/** Small: the burner runs at the lowest priority, slowly on a busy machine. */
const LIMITS = { SOFT_MS: '10', HARD_MS: '20' }

let plugins
before(async () => (plugins = await buildPlugins()))
after(() => plugins.remove())

async function load(t, ...options) {
  const counts = ['--rounds', String(ROUNDS), '--requests', String(REQUESTS)]
  const args = [LOAD, ...counts, ...options, plugins.folder]
  const env = { ...process.env, ...LIMITS }
  const { ended } = begin(t, process.execPath, args, { env })
  const { status, stdout, stderr } = await ended
  assert.equal(stderr, '')
  assert.equal(status, 0, stdout)
  return stdout
}

test('the burner is stopped, and all others are answered', async (t) => {
  const output = await load(t, '--json')
  const [alone, beside] = output.trim().split('\n').map(JSON.parse)
  const all = { 200: QUIET_TENANTS * ROUNDS * REQUESTS }
  assert.deepEqual(alone.codes, all)
  assert.deepEqual(beside.codes, all)
  assert.ok(beside.burner[504] >= 1, output)
  for (const code of Object.keys(beside.burner))
    assert.ok(['504', '429'].includes(code), output)
  for (const { bench, unit, p50, p99 } of [alone, beside]) {
    assert.deepEqual({ bench, unit }, { bench: 'server', unit: 'ms' })
    assert.ok(p50 > 0 && p99 >= p50, output)
  }
  assert.ok(beside.ratio > 0, output)
})

test('it prints both phases, their ratio, and what the machine does', async (t) => {
  const output = await load(t)
  assert.match(output, /^alone +[\d.]+ ± [\d.]+ +[\d.]+ ± [\d.]+ +30 × 200$/m)
  assert.match(output, /^beside the burner .* 30 × 200$/m)
  assert.match(output, /^ratio +[\d.]+ ± [\d.]+ +[\d.]+ ± [\d.]+$/m)
  assert.match(output, /^2 rounds; .* busy$/m)
  assert.match(output, /^(noisy: |p99 moves by )/m)
})

test('the servers before it do the same work', async (t) => {
  const output = await load(t, '--json', '--server', 'pools.js')
  const [alone, beside] = output.trim().split('\n').map(JSON.parse)
  for (const { codes } of [alone, beside])
    assert.deepEqual(Object.keys(codes), ['200'])
  assert.ok(beside.burner[504] >= 1, output)
})
