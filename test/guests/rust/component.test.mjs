// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The crate in a component (wasm32-wasip2): the same calls, while polls take
 * signals from the host by wasmsig:signals. The command is the host. How often
 * polls call it, the crate's own tests say.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { folder, pause, run, startIn } from '../../cli/support/command.mjs'
import { noRust } from '../../cli/support/components.mjs'
import { assemble, noAssembler } from '../../cli/support/instrument.mjs'
import { CRATE, OUTPUT, crate, tryBuild } from './support/cargo.mjs'

const TARGET = 'wasm32-wasip2'
const IMPORT = 'wasmsig:signals/signals@0.1.0'

const program = noRust ? '' : build()

/** A copy, because other builds write to the same file. */
function build(options = {}, name = 'component') {
  const target = { target: TARGET, bin: 'component' }
  const { status, stderr, path } = tryBuild(crate('component'), {
    ...target,
    ...options
  })
  assert.equal(status, 0, stderr)
  mkdirSync(join(OUTPUT, 'components'), { recursive: true })
  const copy = join(OUTPUT, 'components', `${name}.wasm`)
  copyFileSync(path, copy)
  return copy
}

const rust = { skip: noRust }

const begin = async (t, what, options = []) => {
  const running = startIn(t, 'wasmtime', [...options, program, what])
  await running.said(what)
  return running
}

// -------------------------------------------------------------------- type

const SECTION = 'component-type:wasmsig:signals@0.1.0'

// The world `receiver` of wit/signals.wit.
const WORLD = `(component
  (@custom "wit-component-encoding" "\\04\\00")
  (type (component
    (type (component
      (import "${IMPORT}" (instance
        (type (func (param "handled" u64) (result u64)))
        (export "take" (func (type 0)))))))
    (export "wasmsig:signals/receiver@0.1.0" (component (type 0)))))
  (export "receiver" (type 0)))`

test('component.o is what component.s says', (t) => {
  const object = join(folder(t), 'component.o')
  const source = join(CRATE, 'words/component.s')
  execFileSync('clang-19', ['--target=wasm32', '-c', '-o', object, source])
  const shipped = readFileSync(join(CRATE, 'words/component.o'))
  assert.ok(readFileSync(object).equals(shipped), 'they differ: assemble anew')
})

test('the type in component.o is the world', { skip: noAssembler }, () => {
  const object = readFileSync(join(CRATE, 'words/component.o'))
  const start = object.indexOf(SECTION) + SECTION.length
  const type = assemble(WORLD)
  const found = object.subarray(start, start + type.length)
  assert.equal(found.toString('latin1'), type.toString('latin1'))
})

// ----------------------------------------------------------------- signals

test('the soft limit reaches a poll', rust, () => {
  const options = ['--cpu-soft', '30ms', '--stats=json']
  const { status, stdout, stderr } = run('wasmtime', [
    ...options,
    ...[program, 'polls']
  ])
  assert.deepEqual([stdout, status], ['polls\nreceived SIGXCPU\n', 0])
  const [{ sent, acknowledged }] = JSON.parse(stderr).signals
  assert.deepEqual([sent, acknowledged], [1, 1])
})

test('it reaches polls that are far apart after many quick ones', rust, () => {
  const options = ['--cpu-soft', '30ms']
  const { stdout } = run('wasmtime', [...options, program, 'slow'])
  assert.equal(stdout, 'slow\nreceived SIGXCPU\n')
})

test('the first SIGINT reaches a poll that only compares', rust, async (t) => {
  const { child, ended } = await begin(t, 'polls')
  child.kill('SIGINT')
  const { status, stdout } = await ended
  assert.deepEqual([stdout, status], ['polls\nreceived SIGINT\n', 0])
})

for (const signal of ['SIGTERM', 'SIGHUP']) {
  test(`${signal} ends a component that does not want it`, rust, async (t) => {
    const { child, ended } = await begin(t, 'polls')
    child.kill(signal)
    assert.equal((await ended).signal, signal)
  })

  test(`${signal} reaches a component that wants it`, rust, async (t) => {
    const { child, ended } = await begin(t, 'wants')
    child.kill(signal)
    const { status, stdout } = await ended
    assert.deepEqual([stdout, status], [`wants\nreceived ${signal}\n`, 0])
  })
}

test('SIGTERM runs its handler, once', rust, async (t) => {
  const { child, ended } = await begin(t, 'handles')
  child.kill('SIGTERM')
  const { status, stdout } = await ended
  const lines = ['handles', 'handler of SIGTERM', 'and nothing else: {}', '']
  assert.deepEqual([stdout, status], [lines.join('\n'), 0])
})

test('SIGTERM resolves a future of it', rust, async (t) => {
  const { child, ended } = await begin(t, 'awaits')
  child.kill('SIGTERM')
  const { status, stdout } = await ended
  assert.deepEqual([stdout, status], ['awaits\nSIGTERM came\n', 0])
})

test('SIGTERM is in the set of pending signals', rust, async (t) => {
  const { child, ended } = await begin(t, 'takes')
  child.kill('SIGTERM')
  const { status, stdout } = await ended
  assert.deepEqual([stdout, status], ['takes\n{SIGTERM}\n', 0])
})

test('SIGTERM ends a component that removed its handler', rust, async (t) => {
  const { child, ended } = await begin(t, 'handled')
  child.kill('SIGTERM')
  assert.equal((await ended).signal, 'SIGTERM')
})

for (const signal of ['SIGINT', 'SIGTERM'])
  test(
    `${signal} again after 200 ms ends a component that never polls`,
    rust,
    async (t) => {
      const { child, ended } = await begin(t, 'ignores')
      child.kill(signal)
      await pause(300)
      assert.equal(child.exitCode ?? child.signalCode, null, 'it goes on')
      child.kill(signal)
      assert.equal((await ended).signal, signal)
    }
  )

test(
  'a signal in a read does not break it, and comes after it',
  rust,
  async (t) => {
    const { child, ended } = await begin(t, 'reads')
    child.kill('SIGTERM')
    await pause(300)
    child.stdin.write('a line\n')
    const { status, stdout } = await ended
    assert.deepEqual(
      [stdout, status],
      ['reads\nread a line\nreceived SIGTERM\n', 0]
    )
  }
)

test(
  'SIGTERM again after 200 ms ends a component that sleeps',
  rust,
  async (t) => {
    const { child, ended } = await begin(t, 'sleeps')
    child.kill('SIGTERM')
    await pause(300)
    assert.equal(child.exitCode ?? child.signalCode, null, 'it goes on')
    child.kill('SIGTERM')
    assert.equal((await ended).signal, 'SIGTERM')
  }
)

test('without signals polls return none', rust, () => {
  const { stdout, status } = run('wasmtime', [program, 'counts'])
  assert.deepEqual([stdout, status], ['true 0\n', 0])
})

// ------------------------------------------------------------------ builds

const ways = {
  unoptimised: { profile: { 'opt-level': '0' } },
  'with fat LTO': { profile: { lto: 'fat' } },
  stripped: { profile: { strip: 'true' } }
}
for (const [way, options] of Object.entries(ways))
  test(`a component ${way} receives signals`, rust, () => {
    const file = build(options, way.replaceAll(' ', '-'))
    const { stdout } = run('wasmtime', ['--cpu-soft', '30ms', file, 'polls'])
    assert.equal(stdout, 'polls\nreceived SIGXCPU\n')
  })

test('without the feature the component imports no signals', rust, () => {
  assert.ok(readFileSync(program).includes(IMPORT))
  const file = build({ defaultFeatures: false }, 'without')
  assert.ok(!readFileSync(file).includes(IMPORT))
  const { stdout, status } = run('wasmtime', [file, 'counts'])
  assert.deepEqual([stdout, status], ['false 0\n', 0])
  const limit = ['--cpu-soft', '30ms']
  assert.equal(run('wasmtime', [...limit, file, 'polls']).signal, 'SIGXCPU')
})
