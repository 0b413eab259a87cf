// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * 64-bit Arm. The library is compiled for it, and runs in npm's workerd for it,
 * in an emulator: slowly, so the limits are large. The table's oldest version
 * and its newest.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { before, test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { BUILD, build, emulated, variables } from './support/emulated.mjs'
import { VERSIONS, executable, serve } from './support/runtime.mjs'

const TEXT = 'Error: Worker exceeded CPU time limit.'
const MARK = 0x5a5a5a5a
const LIMITS = [
  ...['--cpu-soft', '500ms', '--cpu-limit', '1s'],
  ...['--startup-limit', '1s']
]

function run(command) {
  const [file, ...args] = command
  const options = { encoding: 'utf8', timeout: PATIENCE_MS }
  const { status, stdout, stderr } = spawnSync(file, args, options)
  return { status, stdout, stderr }
}

// It compiles what the other tests use, so it is not one of them.
before(build)

for (const [what, program] of [
  ['the callback of a Python Worker is called', 'workerd_callback'],
  [
    'classes of C++ are passed and returned as its compiler does',
    'workerd_slots'
  ]
]) {
  test(what, () => {
    const { status, stdout } = run(emulated(join(BUILD, 'test', program)))
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' })
  })
}

test('every version starts with the library', () => {
  for (const version of VERSIONS) {
    const program = executable(version, 'arm64')
    const own = variables(LIMITS)
    const { status, stdout } = run(emulated(program, ['--version'], own))
    const date = version.replace(/^1\.(....)(..)(..).*/, '$1-$2-$3')
    assert.deepEqual(
      { status, stdout },
      { status: 0, stdout: `workerd ${date}\n` }
    )
  }
})

test('the library is loaded: it refuses a wrong variable', () => {
  const own = { ...variables(LIMITS), WASMSIG_WORKERD_HARD_NS: 'many' }
  const program = executable(VERSIONS[0], 'arm64')
  const { status, stderr } = run(emulated(program, ['--version'], own))
  assert.equal(status, 1)
  assert.match(stderr, /WASMSIG_WORKERD_HARD_NS is no number of nanoseconds/)
})

for (const version of [VERSIONS[0], VERSIONS.at(-1)]) {
  test(`${version}: requests live, are signalled, are stopped`, async (t) => {
    const server = await serve(t, LIMITS, { version, processor: 'arm64' })
    const { result: live } = await server.ask('/fetch/words')
    assert.deepEqual(JSON.parse(live.text).words, [MARK, 0, 0, MARK])

    const { result } = await server.ask('/fetch/await/until')
    const { result: signal, words } = JSON.parse(result.text)
    assert.deepEqual([signal, words], [24, [MARK, 24, 0, MARK]])

    for (const way of [
      'first/wasm',
      'first/js',
      'await/js',
      'microtask/wasm'
    ]) {
      assert.deepEqual(await server.ask(`/fetch/${way}`), { error: TEXT }, way)
    }
    const { error } = await server.ask('/fetch/import')
    assert.match(error, /Script startup exceeded CPU time limit\./)

    const answer = await server.direct('/await/js')
    assert.equal(answer.status, 503)
    assert.match(await answer.text(), /Error 1102: Worker exceeded resource/)
    assert.equal((await server.direct('/no-such-way')).status, 500)

    const { result: after } = await server.ask('/fetch/words')
    assert.deepEqual(JSON.parse(after.text).words, [MARK, 0, 0, MARK])

    const stopped = () =>
      server.lines().filter(({ outcome }) => outcome === 'exceededCpu')
    await server.until(() => stopped().length === 6)
    for (const { cpu_ms: used } of stopped()) assert.ok(used >= 1000, `${used}`)
  })
}

test('without timers the watchdog stops events and many short turns', async (t) => {
  const options = { processor: 'arm64', without: 'timers' }
  const server = await serve(t, LIMITS, options)
  for (const path of ['/actorRpc/js', '/actor/await/wasm', '/fetch/turns']) {
    assert.deepEqual(await server.ask(path), { error: TEXT }, path)
  }
  const { result } = await server.ask('/fetch/first/until')
  assert.equal(JSON.parse(result.text).result, 24)
})
