// SPDX-License-Identifier: Apache-2.0 OR MIT
/** vitest-pool-workers: tests that run in workerd themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { project, workerFiles } from './support/npm.mjs'

const FILES = {
  'wrangler.json': {
    name: 'subject',
    main: 'src/index.mjs',
    compatibility_date: '2026-03-01',
    limits: { cpu_ms: 400 }
  },
  'vitest.config.mjs': `
import { cloudflareTest } from '@cloudflare/vitest-pool-workers'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.json' } })],
  test: { testTimeout: ${PATIENCE_MS}, hookTimeout: ${PATIENCE_MS} }
})`,
  'test/subject.test.mjs': `
import { SELF } from 'cloudflare:test'
import { expect, it } from 'vitest'

const ask = (path) => SELF.fetch('http://subject' + path)
const text = async (path) => (await ask(path)).text()

it('lives', async () => expect(await text('/lives')).toBe('alive'))
it('is signalled', async () =>
  expect(await text('/signalled')).toBe('signal 24'))
it('is stopped in wasm', () =>
  expect(ask('/stopped/wasm')).rejects.toThrow('exceeded CPU time limit'))
it('is stopped in JavaScript', () =>
  expect(ask('/stopped/js')).rejects.toThrow('exceeded CPU time limit'))
it('lives on', async () => expect(await text('/lives')).toBe('alive'))
`
}

test('one Worker lives, is signalled, is stopped', async (t) => {
  const made = project(t, 'vitest', { ...FILES, ...(await workerFiles()) })
  const log = ['--log', 'requests.jsonl', '--log-format', 'json']
  const report = ['--reporter=json', '--outputFile=report.json']
  const options = [...log, 'vitest', 'run', ...report]
  const { status, stdout, stderr } = made.limited(options)
  assert.equal(status, 0, stdout + stderr)

  const [{ assertionResults: results }] = JSON.parse(
    made.read('report.json')
  ).testResults
  assert.deepEqual(
    results.map(({ title, status: verdict }) => [title, verdict]),
    [
      ['lives', 'passed'],
      ['is signalled', 'passed'],
      ['is stopped in wasm', 'passed'],
      ['is stopped in JavaScript', 'passed'],
      ['lives on', 'passed']
    ]
  )
  const stopped = made
    .lines()
    .filter(({ outcome }) => outcome === 'exceededCpu')
  assert.equal(stopped.length, 2)
  for (const { cpu_ms: used } of stopped) assert.ok(used >= 400, `${used} ms`)
})

test('the status is that of vitest', async (t) => {
  const made = project(t, 'vitest', {
    ...FILES,
    ...(await workerFiles()),
    'test/subject.test.mjs': `
import { expect, it } from 'vitest'
it('fails', () => expect(1).toBe(2))`
  })
  const { status, stdout } = made.limited(['vitest', 'run'])
  assert.equal(status, 1)
  assert.match(stdout, /1 failed/)
})
