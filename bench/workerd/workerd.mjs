// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * workerd under `wasmsig workerd`, beside workerd alone: requests that answer
 * at once, turns, and the start; and how late limits are. workerd alone stops
 * nothing, so a stop has no baseline.
 *
 *     node --expose-gc bench/workerd/workerd.mjs [--rounds N] [--only ROW]...
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { spawnSync } from 'node:child_process'
import { benchmark } from '../js-rounds.mjs'
import { Server, workerd } from './runtime.mjs'

const FAR = ['--cpu-limit', '10s'] // limits that no request reaches
const REQUESTS = 240 // in a sample
const CONNECTIONS = 8
const TURNS = 300 // in a request to /turns
const LIMIT = 20 // ms
const WITHIN = { ratio: 1.01 }
const BARE = 'workerd alone'

/** A row of both: `take` measures one of the servers. */
const beside = (row, { ours, bare }, take, more) => ({
  row,
  ...more,
  wasmsig: { run: () => take(ours) },
  baseline: { what: BARE, run: () => take(bare) }
})

const load = (figure) => async (server) =>
  (await server.load(REQUESTS, CONNECTIONS))[figure]

async function turns(server) {
  const before = server.cpu()
  await server.get('/turns')
  return (server.cpu() - before) / TURNS
}

/** The program's start, until it has printed its version: ms. */
function start(limits) {
  const [program, ...args] = workerd(limits)
  const begun = process.hrtime.bigint()
  const { status, stderr } = spawnSync(program, [...args, '--version'])
  if (status !== 0) throw new Error(stderr.toString())
  return Number(process.hrtime.bigint() - begun) / 1e6
}

const costs = (servers) => [
  beside('request', servers, load('each'), { goal: WITHIN }),
  beside('request_p99', servers, load('p99'), { goal: WITHIN }),
  beside('request_cpu', servers, load('cpu'), { goal: WITHIN }),
  beside('turn_cpu', servers, turns),
  beside('start', { ours: FAR, bare: null }, start, { unit: 'ms', share: 0.5 })
]

/* --------------------------------------------------------------- lateness */

const exceeded = ({ outcome }) => outcome === 'exceededCpu'

/** CPU time past the limit when the request has ended, and been answered. */
async function endOf(server, path, holds) {
  const { cpu_ms: used } = await server.lineOf(path, holds)
  return used - LIMIT
}

const stopped = (server, path) => ({
  unit: 'ms',
  wasmsig: { run: () => endOf(server, path, exceeded) }
})

const lateness = ({ signals, stops }) => [
  {
    row: 'soft_late',
    unit: 'ms',
    goal: { p99: 0.1 },
    wasmsig: {
      run: async () => (await signals.lineOf('/signal')).signal_cpu_ms - LIMIT
    }
  },
  {
    row: 'soft_end_late',
    unit: 'ms',
    wasmsig: { run: () => endOf(signals, '/signal') },
    baseline: {
      what: 'all of a request that computes nothing',
      run: async () => (await signals.lineOf('/take')).cpu_ms
    }
  },
  { row: 'hard_late_wasm', ...stopped(stops, '/wasm') },
  { row: 'hard_late_js', ...stopped(stops, '/js') }
]

async function makeRows() {
  const bare = await Server.startQuietly()
  const ours = await Server.startQuietly(FAR)
  const signals = await Server.start(['--cpu-soft', `${LIMIT}ms`])
  const stops = await Server.start(['--cpu-limit', `${LIMIT}ms`])
  return [...costs({ ours, bare }), ...lateness({ signals, stops })]
}

await benchmark('workerd', makeRows, 30)
