// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Many requests at once under small limits: each answer is right or says that
 * CPU time was exceeded, and the runtime lives on, with clean words and flat
 * memory. WASMSIG_STORM_REQUESTS sets how many for each limit.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { config, serve } from './support/runtime.mjs'

const REQUESTS = Number(process.env.WASMSIG_STORM_REQUESTS ?? 300)
const CONNECTIONS = 50
const EXCEEDED = 'Error: Worker exceeded CPU time limit.'

/* Else a loop of JavaScript may be stopped more than a second late, after many
 * stops: docs/explanation/workerd.md, "Where it ends". */
const FLAGS = 'v8Flags = ["--no-concurrent-recompilation"],'

/** With the Worker in a second isolate, whose are the Durable Objects. */
const makeConfig = (...ports) =>
  config(...ports)
    .replace(
      'services = [',
      `${FLAGS} services = [ (name = "second", worker = .subject),`
    )
    .replace('serviceName = "subject"', 'serviceName = "second"')

/* A fifth of each: at once, in wasm, in JavaScript, later, in an actor. */
const KINDS = [
  { paths: ['/first/nothing', '/await/nothing', '/timer/nothing'] },
  { paths: ['/first/wasm', '/await/wasm', '/stream/wasm', '/first/until'] },
  { paths: ['/first/js', '/timer/js', '/microtask/js', '/many'] },
  { paths: ['/turns', '/tenTurns/js/5', '/waitUntil/js', '/hold/nothing'] },
  { paths: ['/actor/first/js', '/actor/await/wasm', '/actor/words'] }
]

/** Random numbers that are the same in each run. */
function generator(seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
}

const isRight = (text) => {
  const { result, words } = JSON.parse(text)
  return [0, 10, 24].includes(result) && words[0] === 0x5a5a5a5a
}

/**
 * What came of one request: 'right', 'exceeded', 'cut', or what is wrong. The
 * connection is cut if the request is stopped when its response has begun, but
 * has not been written.
 */
async function outcome(server, path) {
  const isActor = path.startsWith('/actor')
  const asked = isActor ? server.get(path) : server.direct(path)
  const response = await asked.catch((error) => {
    if (!isActor && error.code === 'ECONNRESET') return null
    throw error
  })
  if (!response) return 'cut'
  // A body whose stream is stopped ends early.
  const text = await response.text().catch(() => EXCEEDED)
  if (response.status === 503) return 'exceeded'
  if (!isActor) {
    if (path.startsWith('/stream')) return 'exceeded'
    return isRight(text) ? 'right' : `${path}: ${text}`
  }
  const { result, error } = JSON.parse(text)
  if (error === EXCEEDED) return 'exceeded'
  return result && isRight(result.text) ? 'right' : `${path}: ${text}`
}

const residentMiB = ({ child }) => {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024
}

/** How many requests were stopped, by the log; the first has no service yet. */
const stopped = (server) =>
  server.lines().filter((line) => {
    return line.event === 'request' && line.outcome === 'exceededCpu'
  }).length

async function storm(server, random) {
  const counts = { right: 0, exceeded: 0, cut: 0, stopped: 0 }
  const wrong = []
  let left = REQUESTS
  const connection = async () => {
    while (left-- > 0) {
      const { paths } = KINDS[left % KINDS.length]
      const path = paths[random(paths.length)]
      const came = await outcome(server, path).catch((e) => `${path}: ${e}`)
      if (came in counts) counts[came]++
      else wrong.push(came)
      if (came !== 'right' && !path.startsWith('/actor')) counts.stopped++
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  return { ...counts, wrong }
}

const random = generator(20261117)
for (let round = 0; round < 3; round++) {
  const limit = 1000 + random(19000)
  test(`${REQUESTS} requests under a limit of ${limit} us`, async (t) => {
    const options = ['--cpu-limit', `${limit}us`, '--cpu-margin', '30%']
    const server = await serve(t, options, { makeConfig })
    const first = await storm(server, random)
    const before = residentMiB(server)
    const second = await storm(server, random)
    const { right, exceeded, cut, wrong } = second
    const after = residentMiB(server)
    t.diagnostic(
      `${right} right, ${exceeded} exceeded, ${cut} cut, ${before | 0} MiB`
    )
    assert.deepEqual(wrong, [])
    // Of an actor's event the answer is that of the request that called it.
    const expected = first.stopped + second.stopped
    const isLogged = () => stopped(server) >= expected
    await server.until(isLogged).catch(() => {
      assert.fail(`${stopped(server)} of ${expected} are logged`)
    })
    assert.ok(exceeded > REQUESTS / 5, `only ${exceeded} exceeded`)
    assert.ok(right > 0)
    assert.ok(after < before + 100, `${before} MiB, then ${after} MiB`)
    assert.equal(server.child.exitCode, null)
    // It lives: one of a few requests is right, with clean words.
    await server.until(async () => {
      return (await outcome(server, '/first/nothing')) === 'right'
    })
  })
}
