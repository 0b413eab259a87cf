// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The soft limit: SIGXCPU in the words of wasm instances. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { serve } from './support/runtime.mjs'

const MARK = 0x5a5a5a5a
const TEXT = 'Error: Worker exceeded CPU time limit.'

/** What the subject has answered. */
async function subject(server, path) {
  const { result, error } = await server.ask(path)
  assert.equal(error, undefined)
  return JSON.parse(result.text)
}

const signalled = (line) => line.signals > 0

for (const without of [undefined, 'timers']) {
  const how = without ? 'by the watchdog' : 'by the timer'

  test(`a guest is signalled in its loop, ${how}`, async (t) => {
    const server = await serve(t, ['--cpu-soft', '20ms'], { without })
    for (const way of ['first', 'microtask', 'await', 'timer']) {
      const { result, words } = await subject(server, `/fetch/${way}/until`)
      assert.equal(result, 24, way)
      assert.deepEqual(words, [MARK, 24, 0, MARK], way)
    }
    await server.until(() => server.lines().filter(signalled).length === 4)
    for (const { cpu_ms: used } of server.lines().filter(signalled)) {
      assert.ok(used >= 20, `${used} ms`)
    }
  })
}

test('the margin is a share of the limit, 10 % by default', async (t) => {
  for (const [options, soft] of [
    [['--cpu-limit', '100ms'], 90],
    [['--cpu-limit', '100ms', '--cpu-margin', '80%'], 20]
  ]) {
    const server = await serve(t, options)
    await subject(server, '/fetch/first/until')
    await server.until(() => server.lines().some(signalled))
    const { cpu_ms: used } = server.lines().find(signalled)
    assert.ok(used >= soft && used < 100, `${used} ms`)
  }
})

test('an instance that is made in the same turn is signalled', async (t) => {
  const server = await serve(t, ['--cpu-soft', '20ms'])
  const { result } = await subject(server, '/fetch/first/fresh')
  assert.equal(result, 24)
})

test('the next request begins with clean words', async (t) => {
  const server = await serve(t, ['--cpu-soft', '20ms'])
  await subject(server, '/fetch/first/until')
  const { words } = await subject(server, '/fetch/words')
  assert.deepEqual(words, [MARK, 0, 0, MARK])
})

test('a signal waits for its request, not for others', async (t) => {
  const server = await serve(t, ['--cpu-soft', '20ms'])
  const held = subject(server, '/fetch/hold/until')
  // Its first turn has ended when another request gets an answer.
  const between = await subject(server, '/fetch/words')
  const { words } = await held
  assert.deepEqual(between.words, [MARK, 0, 0, MARK])
  assert.deepEqual(words, [MARK, 24, 0, MARK])
})

test('a request that is not near its limit is not signalled', async (t) => {
  const server = await serve(t, ['--cpu-limit', '10s'])
  for (let i = 0; i < 20; i++) await subject(server, '/fetch/words')
  await server.until(() => server.lines().length >= 20)
  assert.deepEqual(server.lines().filter(signalled), [])
  assert.ok(server.lines().every((line) => line.signal_cpu_ms === null))
})

test('a guest that is signalled and goes on is stopped', async (t) => {
  const server = await serve(t, ['--cpu-limit', '30ms'])
  assert.deepEqual(await server.ask('/fetch/first/wasm'), { error: TEXT })
  await server.until(() => server.lines().some(signalled))
  const line = server.lines().find(signalled)
  assert.equal(line.signals, 1)
  assert.equal(line.outcome, 'exceededCpu')
  // Equal, if a busy machine let both limits pass at once.
  const { signal_cpu_ms, cpu_ms } = line
  assert.ok(signal_cpu_ms >= 27, JSON.stringify(line))
  assert.ok(signal_cpu_ms <= cpu_ms, JSON.stringify(line))
})

test('the terminated words stay 0, unless they are asked for', async (t) => {
  const plain = await serve(t, ['--cpu-limit', '30ms'])
  await plain.ask('/fetch/first/wasm')
  assert.deepEqual((await subject(plain, '/fetch/words')).words[2], 0)

  const marking = await serve(t, ['--cpu-limit', '30ms', '--mark-terminated'])
  await marking.ask('/fetch/first/wasm')
  assert.deepEqual((await subject(marking, '/fetch/words')).words[2], 1)
})

test('an instance that says it is terminated is not signalled', async (t) => {
  const server = await serve(t, ['--cpu-limit', '30ms', '--mark-terminated'])
  await server.ask('/fetch/first/wasm')
  // This request ends when an instance that it makes is signalled.
  const { result, words } = await subject(server, '/fetch/first/fresh')
  assert.equal(result, 24)
  assert.deepEqual(words, [MARK, 0, 1, MARK])
})
