// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What examples/server/server.js does for each tenant, and when it ends. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { PATIENCE_MS } from '../support/patience.mjs'
import { buildPlugins, startServer } from './support/server.mjs'
import { valuesOf } from './support/metrics.mjs'
import { Bucket } from '../../examples/server/bucket.js'

const HOGS = 50

/** So far away that no request of these tests comes near it. */
const NEVER = '1e9'

/** A request that ends by SIGTERM only. */
const LONG = 'primes?n=2147483647'
const PATIENT = { SOFT_MS: NEVER, HARD_MS: NEVER }

/** The income of a tenant: one ms of CPU time in a million seconds. */
const NO_INCOME = '1e-6'

let plugins
before(async () => (plugins = await buildPlugins()))
after(() => plugins.remove())

/**
 * A server that waits for its guests at the end, also on a busy machine. There
 * the lowest priority means to wait for minutes: PROBATION_MS prevents it.
 */
const start = (t, settings) =>
  startServer(t, 'server.js', plugins.folder, {
    DRAIN_MS: String(PATIENCE_MS),
    PROBATION_MS: '1e-9',
    ...settings
  })

const metricsOf = async ({ page }, tenant) =>
  valuesOf(tenant, await page('metrics'))

/** Sends requests; resolves when the server has all of them. */
async function send({ ask }, path, count) {
  const answers = Array.from({ length: count }, () => ask(path))
  await Promise.all(answers.map(({ received }) => received))
  return answers
}

function assertRefused({ status, headers, body }, code, reason) {
  assert.equal(status, code)
  assert.equal(body.status, 'refused')
  assert.match(body.reason, reason)
  assert.match(headers['retry-after'], /^[1-9]\d*$/)
}

describe('the CPU time of a tenant', () => {
  test('comes in at its share, up to the burst', () => {
    let now = 0
    const bucket = new Bucket({ share: 200, burst: 500 }, () => now)
    assert.equal(bucket.level, 500)
    bucket.spend(400)
    assert.equal(bucket.level, 100)
    now += 1000
    assert.equal(bucket.level, 300)
    now += 60_000
    assert.equal(bucket.level, 500)
  })

  test('a debt is paid before the next request', () => {
    let now = 0
    const bucket = new Bucket({ share: 200, burst: 500 }, () => now)
    assert.equal(bucket.isEmpty, false)
    bucket.spend(1000)
    assert.equal(bucket.isEmpty, true)
    assert.equal(bucket.retryAfter, 3)
    now += 2400
    assert.equal(bucket.isEmpty, true)
    assert.equal(bucket.retryAfter, 1)
    now += 200
    assert.equal(bucket.isEmpty, false)
  })

  test('who has used it up is refused, and others are not', async (t) => {
    const settings = { SHARE_MS: NO_INCOME, BURST_MS: '50' }
    const { ask } = await start(t, settings)
    assert.equal((await ask('hog')).status, 504)
    const refused = await ask('hog')
    assertRefused(refused, 429, /CPU time/)
    assert.ok(Number(refused.headers['retry-after']) > 1000)
    assert.equal((await ask('square?n=7')).body.result, 49)
  })

  test('requests that wait are refused when it is used up', async (t) => {
    const settings = { SHARE_MS: NO_INCOME, BURST_MS: '150', QUEUE: '50' }
    const answers = await send(await start(t, settings), 'hog', 10)
    const all = await Promise.all(answers)
    const stopped = all.filter(({ status }) => status === 504)
    const refused = all.filter(({ status }) => status === 429)
    // The first one leaves less than another one takes.
    assert.ok([1, 2].includes(stopped.length), `${stopped.length} have run`)
    assert.equal(stopped.length + refused.length, all.length)
    for (const answer of refused) assertRefused(answer, 429, /CPU time/)
  })
})

describe('tenants beside one that burns everything', () => {
  test('all their requests succeed, and the other is stopped', async (t) => {
    const settings = { QUEUE: String(HOGS), BURST_MS: '500' }
    const server = await start(t, { ...settings, SHARE_MS: NO_INCOME })
    const hogs = await send(server, 'hog', HOGS)
    for (let n = 0; n < 20; n++) {
      const [square, primes] = await Promise.all([
        server.ask(`square?n=${n}`),
        server.ask('primes?n=1000')
      ])
      assert.equal(square.body.result, n * n)
      assert.equal(primes.body.result, 168)
    }
    const statuses = new Set((await Promise.all(hogs)).map((a) => a.status))
    assert.ok(statuses.has(504))
    statuses.delete(504)
    statuses.delete(429)
    assert.deepEqual([...statuses], [])
  })

  test('tenants have turns, however many requests they send', async (t) => {
    // The hog holds the only thread until the others wait.
    const settings = { SOFT_MS: '2000', HARD_MS: '2000', THREADS: '1' }
    const server = await start(t, settings)
    const order = []
    const all = []
    for (const [name, count] of [
      ['hog', 1],
      ['primes', 3],
      ['square', 1]
    ]) {
      const answers = await send(server, `${name}?n=100000`, count)
      for (const answer of answers)
        all.push(answer.then(() => order.push(name)))
    }
    await Promise.all(all)
    assert.deepEqual(order, ['hog', 'primes', 'square', 'primes', 'primes'])
  })

  test('a tenant that was stopped runs at the lowest priority', async (t) => {
    const server = await start(t, { PROBATION_MS: NEVER })
    assert.equal((await server.ask('hog')).status, 504)
    const before = ticksAtLowestPriority(server.child.pid)
    assert.equal((await server.ask('hog')).status, 504)
    const ticks = ticksAtLowestPriority(server.child.pid) - before
    assert.ok(ticks > 0, 'no thread of the lowest priority has run')
  })
})

/**
 * CPU time of the threads whose nice value is 19 above that of this process, or
 * 19 at most, as proc(5) counts.
 */
function ticksAtLowestPriority(pid) {
  let ticks = 0
  const lowest = String(Math.min(19, getPriority() + 19))
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[16] === lowest) ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks
}

describe('queues', () => {
  test('a full one refuses its tenant alone', async (t) => {
    const server = await start(t, { ...PATIENT, QUEUE: '2' })
    const long = await send(server, LONG, 3)
    assertRefused(await server.ask(LONG), 429, /wait/)
    assert.equal((await server.ask('square?n=7')).body.result, 49)
    const { queue_length, running } = await metricsOf(server, 'primes')
    assert.deepEqual({ queue_length, running }, { queue_length: 2, running: 1 })
    server.child.kill('SIGTERM')
    await Promise.all(long)
    assert.equal((await server.ended).status, 0)
  })

  test('all together are bounded too', async (t) => {
    const server = await start(t, { ...PATIENT, WAITING: '1', THREADS: '1' })
    const long = await send(server, LONG, 1) // takes the only thread
    const waiting = await send(server, 'square?n=7', 1)
    assertRefused(await server.ask('square?n=8'), 503, /overloaded/)
    server.child.kill('SIGTERM')
    const [one, two] = await Promise.all([...long, ...waiting])
    assert.equal(one.status, 200)
    assertRefused(two, 503, /ending/)
  })
})

describe('SIGTERM', () => {
  test('guests receive it and answer, and the server ends', async (t) => {
    const server = await start(t, PATIENT)
    const [running, ...waiting] = await send(server, LONG, 4)
    server.child.kill('SIGTERM')
    const { status, body } = await running
    assert.equal(status, 200)
    assert.equal(body.status, 'partial')
    for (const answer of await Promise.all(waiting)) {
      assertRefused(answer, 503, /ending/)
      assert.equal(answer.headers.connection, 'close')
    }
    const ended = await server.ended
    assert.deepEqual(
      { status: ended.status, signal: ended.signal },
      { status: 0, signal: null }
    )
    assert.equal(ended.stderr, '')
  })

  test('a guest that ignores it has its CPU time', async (t) => {
    const server = await start(t)
    const [hog] = await send(server, 'hog', 1)
    server.child.kill('SIGTERM')
    assert.equal((await hog).status, 504)
    assert.equal((await server.ended).status, 0)
  })

  test('a server without requests ends at once', async (t) => {
    const server = await start(t)
    server.child.kill('SIGTERM')
    assert.equal((await server.ended).status, 0)
  })

  test('it says so when requests still run at the end', async (t) => {
    const settings = { ...PATIENT, DRAIN_MS: '1' }
    const server = await start(t, settings)
    const [hog] = await send(server, 'hog', 1)
    hog.catch(() => {}) // its connection is lost
    server.child.kill('SIGTERM')
    const { status, stderr } = await server.ended
    assert.equal(status, 1)
    assert.match(stderr, /still run/)
  })
})

describe('the metrics page', () => {
  test('counts what has happened', async (t) => {
    const server = await start(t, { SHARE_MS: NO_INCOME, BURST_MS: '50' })
    await server.ask('hog')
    await server.ask('hog')
    await server.ask('square?n=7')
    await server.ask('nothing')
    const hog = await metricsOf(server, 'hog')
    assert.ok(hog.cpu_seconds_total >= 0.1)
    assert.ok(hog.cpu_left_seconds < 0)
    assert.equal(hog['kills_total hard'], 1)
    assert.equal(hog['kills_total wall'], 0)
    assert.equal(hog.sections_total, 1)
    assert.equal(hog.soft_limits_total, 1)
    assert.equal(hog.kill_lateness_seconds_count, 1)
    assert.ok(hog.kill_lateness_seconds_sum > 0)
    assert.equal(hog.request_seconds_count, 1)
    assert.ok(hog.request_seconds_sum >= hog.cpu_seconds_total)
    assert.equal(hog['requests_total 504'], 1)
    assert.equal(hog['requests_total 429'], 1)
    const square = await metricsOf(server, 'square')
    assert.equal(square['requests_total 200'], 1)
    assert.equal(square['kills_total hard'], 0)
    assert.ok(square.cpu_seconds_total > 0)
    assert.deepEqual(await metricsOf(server, 'nothing'), {})
  })
})
