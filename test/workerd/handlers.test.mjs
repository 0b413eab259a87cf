// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The hard limit, in every kind of handler of a Worker: what runs is stopped,
 * the event is aborted as exceededCpu, and everything else goes on.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'

import { VERSION, config, folder, serve } from './support/runtime.mjs'

const TEXT = 'Error: Worker exceeded CPU time limit.'
const LIMIT_MS = 30

/* Until then the runtime knows no other outcome of a failure. */
const TAILS =
  VERSION >= '1.20260501.1' ? false : 'the outcome in a tail event is exception'

let server
const after = []
before(async () => {
  const t = { after: (end) => after.unshift(end) }
  server = await serve(t, ['--cpu-limit', `${LIMIT_MS}ms`])
})
process.on('exit', () => server?.child.kill('SIGKILL'))
test.after(async () => {
  for (const end of after) await end()
})

/** It still answers, with clean words. */
async function assertAlive() {
  const { result } = await server.ask('/fetch/words')
  assert.equal(result.status, 200)
  const { words, ranFinally } = JSON.parse(result.text)
  assert.deepEqual(words, [0x5a5a5a5a, 0, 0, 0x5a5a5a5a])
  assert.equal(ranFinally, false)
}

const STOPPED = {
  'in its first turn': ['/fetch/first/js', '/fetch/first/wasm'],
  'in a microtask': ['/fetch/microtask/js', '/fetch/microtask/wasm'],
  'after an await': ['/fetch/await/js', '/fetch/await/wasm'],
  'in a timer': ['/fetch/timer/js', '/fetch/timer/wasm'],
  'in a stream': ['/fetch/stream/js', '/fetch/stream/wasm'],
  'over many short turns': ['/fetch/turns'],
  'as it makes instances': ['/fetch/many'],
  'in a method': ['/rpc/js', '/rpc/wasm', '/rpcLater/js'],
  "in a Durable Object's fetch": ['/actor/first/js', '/actor/await/wasm'],
  "in a Durable Object's method": ['/actorRpc/js', '/actorRpc/wasm']
}

for (const [where, paths] of Object.entries(STOPPED)) {
  test(`a request is stopped ${where}`, async () => {
    for (const path of paths) {
      assert.deepEqual(await server.ask(path), { error: TEXT }, path)
      await assertAlive()
    }
  })
}

const PAGE = 'Error 1102: Worker exceeded resource limits'

const assertPage = async (path) => {
  const answer = await server.direct(path)
  assert.equal(answer.status, 503, path)
  assert.ok((await answer.text()).includes(PAGE), path)
}

/** Workerd's own answer to any exception. */
const assertError = async (asked) => {
  const answer = await asked
  assert.equal(answer.status, 500)
  assert.equal(await answer.text(), 'Internal Server Error')
}

test('an HTTP client receives 503 and the words of error 1102', async () => {
  const ways = ['first', 'microtask', 'await', 'timer']
  for (const way of ways) {
    await assertPage(`/${way}/js`)
    await assertPage(`/${way}/wasm`)
  }
  await assertPage('/turns')
  await assertAlive()
})

test("a Worker's own error is not answered with error 1102", async () => {
  const stopped = assertPage('/await/js')
  await assertError(server.direct('/no-such-way'))
  await stopped
})

test('a request that called a stopped one is not answered with error 1102', async () => {
  for (const path of ['/first/js', '/await/wasm']) {
    await assertError(server.get(`/uncaught/subject${path}`))
    await assertError(server.get(`/uncaught/actors${path}`))
  }
  await assertAlive()
})

test('a response that has begun keeps its status', async () => {
  for (const path of ['/stream/js', '/begun/wasm']) {
    const answer = await server.direct(path)
    assert.equal(answer.status, 200, path)
    const text = await answer.text().catch(() => '')
    assert.ok(!text.includes(PAGE), path)
  }
  await assertAlive()
})

test('a callback that is stopped is the last one of its turn', async (t) => {
  const makeConfig = (...ports) =>
    config(...ports).replace('services =', 'v8Flags = ["--expose-gc"], $&')
  const limit = ['--cpu-limit', `${LIMIT_MS}ms`]
  const other = await serve(t, limit, { makeConfig })
  assert.deepEqual(await other.ask('/fetch/collect'), { error: TEXT })
  // Those that are left are called in later turns of the isolate.
  await other.until(async () => {
    const { result } = await other.ask('/fetch/collected')
    return result?.status === 200 && JSON.parse(result.text).callbacks > 0
  })
  const ended = other.lines().filter(({ service }) => service === 'subject')
  const killed = ended.filter(({ outcome }) => outcome === 'exceededCpu')
  assert.ok(killed.length > 1, 'all of them were called in the first request')
})

test('code that describes an exception is stopped', async () => {
  // The runtime has dropped the promise before it knows why.
  for (const way of ['first', 'await']) {
    const count = stopped('request')
    await assertError(server.direct(`/${way}/describe`))
    await server.until(() => stopped('request') > count)
    await assertAlive()
  }
})

test('a statement of SQL is stopped, and its rows are taken back', async (t) => {
  const disk = `(name = "disk", disk = (path = "${folder(t)}", writable = true))`
  const makeConfig = (...ports) =>
    config(...ports)
      .replace('uniqueKey = "actor"', '$&, enableSql = true')
      .replace('(inMemory = void)', '(localDisk = "disk")')
      .replace('services = [', `$&${disk},`)
  const limit = ['--cpu-limit', `${LIMIT_MS}ms`]
  const other = await serve(t, limit, { makeConfig })
  const numbers = () => other.ask('/actorSql/numbers')
  assert.deepEqual(await numbers(), { result: 0 })
  assert.deepEqual(await other.ask('/actorSql/select'), { error: TEXT })
  assert.deepEqual(await numbers(), { result: 1 })
  assert.deepEqual(await other.ask('/actorSql/insert'), { error: TEXT })
  assert.deepEqual(await numbers(), { result: 2 })
})

test('no catch and no finally runs', async () => {
  const answer = await server.ask('/fetch/swallowing/js')
  assert.deepEqual(answer, { error: TEXT })
  await assertAlive()
})

test('ten awaits: it is stopped in whichever turn exceeds', async () => {
  for (let at = 0; at < 10; at++) {
    const answer = await server.ask(`/fetch/tenTurns/js/${at}`)
    assert.deepEqual(answer, { error: TEXT }, `turn ${at}`)
    const unharmed = await server.ask(`/fetch/tenTurns/nothing/${at}`)
    assert.equal(unharmed.result.status, 200)
  }
  await assertAlive()
})

test('a scheduled event is stopped, and its outcome says so', async () => {
  for (const cron of ['js', 'wasm', 'await']) {
    const { result } = await server.ask(`/scheduled/${cron}`)
    assert.equal(result.outcome, 'exceededCpu', cron)
  }
  const { result } = await server.ask('/scheduled/nothing')
  assert.equal(result.outcome, 'ok')
})

test('a queue event is stopped, and its outcome says so', async () => {
  for (const body of ['js', 'wasm']) {
    const { result } = await server.ask(`/queue/${body}`)
    assert.equal(result.outcome, 'exceededCpu', body)
  }
  const { result } = await server.ask('/queue/nothing')
  assert.equal(result.outcome, 'ok')
})

test('a queue that does not wait for waitUntil() says so too', async (t) => {
  // There the runtime asks the enforcer, not the exception.
  const flag = 'queue_consumer_no_wait_for_wait_until'
  const makeConfig = (...ports) =>
    config(...ports).replaceAll('"experimental"', `"experimental", "${flag}"`)
  const limit = ['--cpu-limit', `${LIMIT_MS}ms`]
  const other = await serve(t, limit, { makeConfig })
  const { result } = await other.ask('/queue/js')
  assert.equal(result.outcome, 'exceededCpu')
  assert.equal((await other.ask('/queue/nothing')).result.outcome, 'ok')
})

for (const [name, how] of [
  ['a Worker', 'websocket'],
  ['a Durable Object', 'actorWebsocket']
]) {
  test(`a message of a WebSocket of ${name} is stopped`, async () => {
    const stopped = await server.ask(`/${how}/socket/js`)
    assert.deepEqual(stopped.result, { received: ['before'], ended: 'close' })
    const told = await server.ask(`/${how}/socket/until`)
    const received = ['before', '24']
    assert.deepEqual(told.result, { received, ended: 'answered' })
  })
}

/** How many lines of the log say that such an event was stopped. */
const stopped = (kind) =>
  server.lines().filter((line) => {
    return line.event === kind && line.outcome === 'exceededCpu'
  }).length

/** Waits until one more was stopped; the answer came before. */
async function assertStoppedLater(kind, path, answer) {
  const count = stopped(kind)
  assert.deepEqual((await server.ask(path)).result, answer)
  await server.until(() => stopped(kind) > count)
  await assertAlive()
}

test('what waitUntil() keeps running is stopped', async () => {
  const words = [0x5a5a5a5a, 0, 0, 0x5a5a5a5a]
  const answer = { status: 200, text: JSON.stringify({ result: 0, words }) }
  await assertStoppedLater('request', '/fetch/waitUntil/js', answer)
  await assertStoppedLater('request', '/fetch/waitUntil/wasm', answer)
})

test('a tail handler is stopped', async () => {
  await assertStoppedLater('request', '/tailed/js', 'logged')
})

test('an alarm is stopped', async () => {
  await assertStoppedLater('actor', '/alarm/js', null)
})

test('an actor has its time again with each event', async () => {
  const at = server.lines().length
  const answer = await server.ask('/actorSome/10/40')
  assert.deepEqual(answer, { result: 'done' })
  const lines = server.lines().slice(at)
  const events = lines.filter(({ event }) => event === 'actor')
  const used = events.reduce((sum, { cpu_ms: ms }) => sum + ms, 0)
  assert.ok(used > LIMIT_MS, `all of them together used ${used} ms`)
})

test('requests in flight in the same isolate go on', async () => {
  const slow = Array.from({ length: 10 }, () => server.ask('/fetch/slow'))
  for (const path of ['/fetch/first/js', '/fetch/await/wasm']) {
    assert.deepEqual(await server.ask(path), { error: TEXT })
  }
  for (const answer of await Promise.all(slow)) {
    assert.equal(answer.result.status, 200)
  }
})

test('a tail event says exceededCpu', { todo: TAILS }, async () => {
  await server.ask('/events')
  await server.ask('/fetch/first/js')
  await server.ask('/fetch/words')
  const all = []
  await server.until(async () => {
    all.push(...(await server.ask('/events')).result)
    return all.length >= 2
  })
  assert.deepEqual(all.slice(0, 2), [
    { outcome: 'exceededCpu', event: '/first/js' },
    { outcome: 'ok', event: '/words' }
  ])
})

test(
  'the tail event of a request over HTTP says exceededCpu',
  { todo: TAILS },
  async () => {
    await server.ask('/events')
    await assertPage('/first/js')
    const all = []
    await server.until(async () => {
      all.push(...(await server.ask('/events')).result)
      return all.length >= 1
    })
    assert.deepEqual(all, [{ outcome: 'exceededCpu', event: '/first/js' }])
  }
)

test('the log has a line for each, with its CPU time', async () => {
  const at = server.lines().length
  await server.ask('/fetch/first/js')
  await server.ask('/fetch/words')
  await server.until(() => ofSubject(at).length >= 2)
  const [hog, idle] = ofSubject(at)
  assert.equal(hog.outcome, 'exceededCpu')
  assert.equal(hog.event, 'request')
  assert.equal(hog.signals, 1)
  assert.ok(hog.cpu_ms >= LIMIT_MS, `${hog.cpu_ms} ms`)
  assert.ok(hog.wall_ms >= hog.cpu_ms)
  assert.equal(idle.outcome, 'ok')
  assert.equal(idle.signals, 0)
  assert.ok(idle.cpu_ms < LIMIT_MS)
})

const ofSubject = (at) =>
  server
    .lines()
    .slice(at)
    .filter((line) => line.service === 'subject')
