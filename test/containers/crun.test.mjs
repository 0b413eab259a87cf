// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Images that hold only a wasm file, in crun with our handler: limits from
 * annotations, signals, arguments and files.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { cannotRun } from './support/able.mjs'
import { terminate } from './support/checks.mjs'
import { CRUN, annotated, wasmOnlyImage } from './support/crun.mjs'
import { guest } from './support/images.mjs'
import { start } from './support/runc.mjs'
import { fromEngine } from './support/seccomp.mjs'

const skip = cannotRun('crun')
const imageOf = (name) => wasmOnlyImage(guest(name), name)

describe('an image with only a wasm file, in crun', { skip }, () => {
  const begin = (t, name, annotations = {}, { args, change } = {}) =>
    start(t, CRUN, imageOf(name), {
      args,
      change: (spec) => {
        annotated(annotations)(spec)
        change?.(spec)
      }
    })
  const run = (...words) => begin(...words).ended

  test('has nothing but that file', async (t) => {
    await run(
      t,
      'prints',
      {},
      {
        change: ({ root }) =>
          assert.deepEqual(readdirSync(root.path), ['app.wasm'])
      }
    )
  })

  for (const engine of ['wasmtime', 'wamr'])
    test(`passes on arguments, variables and folders: ${engine}`, async (t) => {
      const { status, stdout, stderr } = await run(
        t,
        'surroundings',
        { engine },
        {
          args: ['a b', '--stats'],
          change: ({ process, root }) => {
            process.env.push('TENANT=one')
            process.user = { uid: 0, gid: 0 } // who could open most
            mkdirSync(join(root.path, 'data'))
            writeFileSync(join(root.path, 'data/in.txt'), 'text')
          }
        }
      )
      assert.equal(status, 0, stderr)
      assert.deepEqual(stdout.trim().split('\n'), [
        'a b',
        '--stats',
        'TENANT=one',
        '/data/in.txt: open',
        // The memory of the engine, and of its limits.
        '/proc/self/mem: not there',
        '/proc/self/maps: not there',
        '/data/../proc/self/mem: not there',
        '/dev/null: not there'
      ])
    })

  test('is signalled at its soft limit', async (t) => {
    const { status, stdout } = await run(t, 'receives', { 'cpu-soft': '50ms' })
    assert.deepEqual([status, stdout], [3, 'busy\nreceived SIGXCPU\n'])
  })

  for (const engine of ['wasmtime', 'wamr'])
    test(`is stopped at its hard limit with status 152: ${engine}`, async (t) => {
      const { status, stderr } = await run(t, 'plain', {
        'cpu-hard': '50ms',
        engine
      })
      assert.equal(status, 152)
      assert.match(stderr, /stopped at its CPU limit/)
    })

  test('its CPU time is its own', async (t) => {
    const { stderr } = await run(t, 'plain', {
      'cpu-hard': '100ms',
      stats: 'json'
    })
    const { cpu_ns: cpu, wall_ns: wall } = JSON.parse(
      stderr.split('\n').find((line) => line.startsWith('{'))
    )
    assert.ok(cpu >= 100e6 && cpu <= wall, `${cpu} of ${wall} ns`)
  })

  for (const [name, status, answer] of [
    ['receives', 3, 'received SIGTERM\n'],
    ['ignores', 143, ''],
    ['plain', 143, '']
  ])
    test(`one SIGTERM ends a guest that is called '${name}'`, async (t) => {
      const container = begin(t, name, { grace: '1s' })
      const ended = await terminate(container)
      assert.deepEqual(
        [ended.status, ended.stdout],
        [status, `busy\n${answer}`]
      )
    })

  test('max-memory and wall are limits too', async (t) => {
    const small = await run(
      t,
      'prints',
      { 'max-memory': '64MiB' },
      {
        args: ['take', '200']
      }
    )
    assert.equal(small.status, 1) // malloc() failed
    assert.equal((await run(t, 'plain', { wall: '100ms' })).status, 124)
  })

  test('works under the seccomp profile of Podman', async (t) => {
    const change = (spec) => {
      spec.linux.seccomp = fromEngine('/usr/share/containers/seccomp.json')
    }
    const hard = await run(t, 'plain', { 'cpu-hard': '50ms' }, { change })
    assert.equal(hard.status, 152, hard.stderr)
    const soft = await run(t, 'receives', { 'cpu-soft': '50ms' }, { change })
    assert.equal(soft.status, 3, soft.stderr)
  })

  for (const [annotations, message] of [
    [{ 'cpu-hard': '50' }, /--cpu-hard: '50' has no unit/],
    [{ cpu: '50ms' }, /there is no annotation 'wasmsig\.cpu'; there are/],
    [{ dir: '/etc' }, /there is no annotation 'wasmsig\.dir'/],
    [{ engine: 'v8' }, /v8/]
  ])
    test(`${JSON.stringify(annotations)}: no container, one line`, async (t) => {
      const { status, stdout, stderr } = await run(t, 'plain', annotations)
      assert.notEqual(status, 0)
      assert.equal(stdout, '')
      assert.match(stderr, message)
      assert.equal(stderr.trim().split('\n').length, 1)
    })

  test('other annotations are not ours', async (t) => {
    const { status } = await run(
      t,
      'prints',
      {},
      {
        change: (spec) => (spec.annotations['org.example.wasmsig.x'] = '1')
      }
    )
    assert.equal(status, 0)
  })

  test('a file that is no wasm is refused in the container', async (t) => {
    const { status, stderr } = await run(
      t,
      'prints',
      {},
      {
        change: ({ root }) => writeFileSync(join(root.path, 'app.wasm'), 'text')
      }
    )
    assert.equal(status, 1)
    assert.match(stderr, /^wasmsig: \/app\.wasm: /)
  })
})
