// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What all plugin servers of examples/server do, asked by real requests. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { buildPlugins, startServer } from './support/server.mjs'

const SOFT_MS = 50
const HARD_MS = 100
const HOGS = 50

let plugins
before(async () => (plugins = await buildPlugins()))
after(() => plugins.remove())

const start = (t, file) => startServer(t, file, plugins.folder)

for (const file of ['one-loop.js', 'one-pool.js', 'pools.js', 'server.js']) {
  describe(file, () => {
    test('a plugin within its limits answers', async (t) => {
      const { ask } = await start(t, file)
      const { status, body } = await ask('primes?n=1000')
      assert.equal(status, 200)
      assert.equal(body.status, 'complete')
      assert.equal(body.result, 168)
      assert.equal((await ask('square?n=-7')).body.result, 49)
    })

    test('a greedy plugin is signalled and answers a part', async (t) => {
      const { ask } = await start(t, file)
      const { status, body } = await ask('primes?n=2147483647')
      assert.equal(status, 200)
      assert.equal(body.status, 'partial')
      assert.ok(body.result > 0)
      assert.ok(body.cpuMs >= SOFT_MS && body.cpuMs < HARD_MS, body.cpuMs)
    })

    for (const name of ['hog', 'starts']) {
      test(`an endless plugin is stopped: ${name}`, async (t) => {
        const { ask } = await start(t, file)
        const { status, body } = await ask(name)
        assert.equal(status, 504)
        assert.equal(body.status, 'stopped')
        assert.ok(body.cpuMs >= HARD_MS, body.cpuMs)
        assert.equal((await ask('square?n=3')).body.result, 9)
      })
    }

    for (const name of ['traps', 'recurses', 'imports']) {
      test(`a plugin that fails ends its request only: ${name}`, async (t) => {
        const { ask } = await start(t, file)
        const { status, body } = await ask(name)
        assert.equal(status, 502)
        assert.equal(body.status, 'failed')
        assert.equal((await ask('square?n=3')).body.result, 9)
      })
    }

    test('a plugin that is not there is unknown', async (t) => {
      const { ask } = await start(t, file)
      assert.equal((await ask('nothing')).status, 404)
      assert.equal((await ask('')).status, 404)
    })

    test('it says which plugins receive no signals', async (t) => {
      const { output } = await start(t, file)
      const names = output.match(/\S+(?=\.wasm receives no signals)/g)
      assert.ok(names.includes('hog') && !names.includes('primes'), output)
    })
  })
}

describe('pools.js', () => {
  test('a quick request is answered while fifty hogs wait', async (t) => {
    const { ask } = await start(t, 'pools.js')
    await ask('square?n=1')
    const hogs = Array.from({ length: HOGS }, () => ask('hog'))
    let stopped = 0
    for (const hog of hogs) hog.then(() => stopped++)
    await Promise.all(hogs.map(({ received }) => received))
    const before = stopped
    const { body } = await ask('square?n=7')
    assert.equal(body.result, 49)
    const meanwhile = stopped - before
    assert.ok(meanwhile < HOGS / 2, `${meanwhile} hogs came before it`)
    t.diagnostic(`${before} of ${HOGS} hogs, and ${meanwhile} meanwhile`)
    const statuses = (await Promise.all(hogs)).map(({ status }) => status)
    assert.deepEqual(new Set(statuses), new Set([504]))
  })

  test('requests above its queue are refused at once', async (t) => {
    const { ask } = await start(t, 'pools.js')
    const all = Array.from({ length: 2 * HOGS }, () => ask('hog'))
    const statuses = (await Promise.all(all)).map(({ status }) => status)
    const count = (which) => statuses.filter((one) => one === which).length
    assert.ok(count(503) > 0)
    assert.ok(count(504) >= HOGS)
    assert.equal(count(503) + count(504), statuses.length)
  })

  test('SIGTERM: it answers what it has begun, and ends', async (t) => {
    const { ask, child, ended } = await start(t, 'pools.js')
    const hogs = Array.from({ length: 6 }, () => ask('hog'))
    await Promise.all(hogs.map(({ received }) => received))
    child.kill('SIGTERM')
    for (const { status } of await Promise.all(hogs)) assert.equal(status, 504)
    const { status, signal } = await ended
    assert.deepEqual({ status, signal }, { status: 0, signal: null })
  })
})

describe('server.js behind a load balancer', () => {
  test('after SIGTERM it is not ready, and answers until it ends', async (t) => {
    const { ask, page, address, child, ended } = await startServer(
      t,
      'server.js',
      plugins.folder,
      { LINGER_MS: '2000' }
    )
    const ready = async () => (await fetch(`${address}/ready`)).status
    assert.equal(await ready(), 200)
    child.kill('SIGTERM')
    while ((await ready()) === 200) continue
    assert.equal(await page('ready'), 'ends\n')
    assert.equal((await ask('square?n=7')).body.result, 49)
    const { status, signal } = await ended
    assert.deepEqual({ status, signal }, { status: 0, signal: null })
  })

  test('a time that is wrong is refused', async (t) => {
    for (const wrong of ['-1', 'soon'])
      await assert.rejects(
        startServer(t, 'server.js', plugins.folder, { LINGER_MS: wrong }),
        /LINGER_MS must be a number/
      )
  })
})
