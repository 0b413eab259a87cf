// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Are tenants isolated? How long the requests of three quiet tenants take, alone
 * and beside one that burns all the CPU time that it gets:
 *
 *     node load.js [--rounds N] [--requests N] [--server FILE] [--json]
 *       [FOLDER OF PLUGINS]
 *
 * A round is one phase alone and one beside the burner. In both, each quiet
 * tenant sends the same number of requests, one after the other, with a pause
 * between them. The burner sends its requests on several connections, until the
 * quiet ones are done. It ignores Retry-After, and asks again after a pause.
 *
 * FILE is server.js, or pools.js to compare.
 *
 * The phases of a round are compared with each other, because they ran on the
 * machine at nearly the same time. How much the phases alone differ from round to
 * round tells what the machine does besides.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  median,
  medianAbsoluteDeviation,
  quantileSorted
} from 'simple-statistics'
import { Agent, request } from 'undici'

const QUIET = ['ann', 'ben', 'cleo']
const QUIET_PLUGIN = 'primes'
const QUIET_N = 20000 // takes some 2 ms of CPU time
const QUIET_PAUSE_MS = 10
const BURNER = 'burner'
const BURNER_CONNECTIONS = 4
const BURNER_PAUSE_MS = 10
const GOAL = 1.1
const NOISE = 0.1

/** The server, on a free port, with a copy of a plugin for each tenant. */
async function start(file, plugins) {
  const folder = await mkdtemp(join(tmpdir(), 'plugin-server-load-'))
  const copy = (from, to) =>
    copyFile(join(plugins, `${from}.wasm`), join(folder, `${to}.wasm`))
  await copy('hog', BURNER)
  for (const name of QUIET) await copy(QUIET_PLUGIN, name)
  const program = new URL(file, import.meta.url).pathname
  const child = spawn(process.execPath, [program, folder], {
    env: { ...process.env, PORT: 0 },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGTERM')
    const [status, signal] = await ended
    await rm(folder, { recursive: true })
    return status ?? signal
  }
  for await (const text of child.stdout.setEncoding('utf8')) {
    const [address] = /http:\S+/.exec(text) ?? []
    if (address) return { pid: child.pid, address, stop }
  }
  throw new Error('the server has ended')
}

/** Counts answers by status, and keeps how long they took, ms. */
class Answers {
  codes = {}
  times = []

  async ask(url, dispatcher) {
    const start = performance.now()
    const { statusCode, body } = await request(url, { dispatcher })
    await body.dump()
    this.times.push(performance.now() - start)
    this.codes[statusCode] = (this.codes[statusCode] ?? 0) + 1
    return statusCode
  }
}

/** Each client has a connection of its own. */
async function withConnection(use) {
  const connection = new Agent({ connections: 1 })
  try {
    await use(connection)
  } finally {
    await connection.close()
  }
}

/** The quiet tenants; `requests` of each. */
async function quietPhase(address, requests) {
  const answers = new Answers()
  const client = (name) =>
    withConnection(async (connection) => {
      const url = `${address}/${name}?n=${QUIET_N}`
      for (let i = 0; i < requests; i++) {
        await answers.ask(url, connection)
        await sleep(QUIET_PAUSE_MS)
      }
    })
  await Promise.all(QUIET.map(client))
  return answers
}

/** The same beside the burner, whose first request has been stopped by then. */
async function burnedPhase(address, requests, burned) {
  let isOver = false
  const client = () =>
    withConnection(async (connection) => {
      do {
        const code = await burned.ask(`${address}/${BURNER}`, connection)
        if (code !== 504) await sleep(BURNER_PAUSE_MS)
      } while (!isOver)
    })
  const clients = Array.from({ length: BURNER_CONNECTIONS }, client)
  const answers = await quietPhase(address, requests)
  isOver = true
  await Promise.all(clients)
  return answers
}

/** CPU time that all programs have used, and that these two have, in ticks. */
async function ticks(server) {
  const [, ...all] = (await readFile('/proc/stat', 'utf8'))
    .split('\n', 1)[0]
    .split(/\s+/)
  const [user, nice, system, , , irq, softIrq, steal] = all.map(Number)
  const total = all.slice(0, 8).reduce((sum, count) => sum + +count, 0)
  const busy = user + nice + system + irq + softIrq + steal
  const ours = await Promise.all(['self', server].map(ticksOf))
  return { total, others: busy - ours[0] - ours[1] }
}

async function ticksOf(process) {
  const stat = await readFile(`/proc/${process}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return +fields[11] + +fields[12] // utime and stime, as proc(5) counts
}

const percentiles = (times) => {
  const sorted = times.toSorted((a, b) => a - b)
  return { p50: quantileSorted(sorted, 0.5), p99: quantileSorted(sorted, 0.99) }
}

/** The order changes from round to round, so that no phase is always first. */
async function runPhases(round, address, requests, burned) {
  const phases = {}
  const order = ['alone', 'beside']
  for (const name of round % 2 ? order.reverse() : order)
    phases[name] =
      name === 'alone'
        ? await quietPhase(address, requests)
        : await burnedPhase(address, requests, burned)
  return phases
}

async function measure({ pid, address }, rounds, requests) {
  const burned = new Answers()
  const totals = { alone: new Answers(), beside: new Answers() }
  const results = []
  await quietPhase(address, requests) // also pays for what starts late
  const before = await ticks(pid)
  for (let i = 0; i < rounds; i++) {
    const phases = await runPhases(i, address, requests, burned)
    const round = {}
    for (const [name, { times, codes }] of Object.entries(phases)) {
      round[name] = percentiles(times)
      totals[name].times.push(...times)
      for (const [code, count] of Object.entries(codes))
        totals[name].codes[code] = (totals[name].codes[code] ?? 0) + count
    }
    results.push(round)
  }
  const after = await ticks(pid)
  const others =
    (after.others - before.others) / Math.max(1, after.total - before.total)
  return { results, totals, burned, others }
}

/** Median over the rounds, and its median absolute deviation. */
const spread = (values) => ({
  value: median(values),
  deviation: medianAbsoluteDeviation(values)
})

function summarise({ results, totals, burned, others }) {
  const summary = { quiet: {}, burner: burned.codes, others }
  for (const name of ['alone', 'beside'])
    summary.quiet[name] = {
      codes: totals[name].codes,
      p50: spread(results.map((round) => round[name].p50)),
      p99: spread(results.map((round) => round[name].p99)),
      pooled: percentiles(totals[name].times)
    }
  for (const name of ['p50', 'p99'])
    summary[`${name}Ratio`] = spread(
      results.map(({ alone, beside }) => beside[name] / alone[name])
    )
  const { value, deviation } = summary.quiet.alone.p99
  summary.noise = deviation / value
  return summary
}

const with2 = ({ value, deviation }) =>
  `${value.toFixed(2)} ± ${deviation.toFixed(2)}`
const percent = (share) => `${Math.round(share * 100)} %`
const counted = (codes) =>
  Object.entries(codes)
    .map(([code, count]) => `${count} × ${code}`)
    .join(', ')

function print(summary, rounds) {
  const row = (name, { p50, p99, codes }) =>
    console.log(
      `${name.padEnd(18)}${with2(p50).padStart(14)}${with2(p99).padStart(16)}   ${counted(codes)}`
    )
  console.log(
    `${''.padEnd(18)}${'p50, ms'.padStart(14)}${'p99, ms'.padStart(16)}`
  )
  row('alone', summary.quiet.alone)
  row('beside the burner', summary.quiet.beside)
  const { p50Ratio, p99Ratio, quiet, noise, others } = summary
  console.log(
    `${'ratio'.padEnd(18)}${with2(p50Ratio).padStart(14)}${with2(p99Ratio).padStart(16)}`
  )
  const all = quiet.beside.pooled.p99 / quiet.alone.pooled.p99
  console.log(`p99 of all rounds together: ${all.toFixed(2)} times`)
  console.log(`the burner: ${counted(summary.burner)}`)
  console.log(
    `${rounds} rounds; median ± median deviation; other programs kept the processors ${percent(others)} busy`
  )
  if (noise > NOISE || others > NOISE)
    console.log(
      `noisy: alone, p99 differs by ${percent(noise)} from round to round`
    )
  else console.log(verdict(p99Ratio))
}

const verdict = ({ value }) =>
  `p99 moves by ${percent(value - 1)}; the goal is ${percent(GOAL - 1)} at most`

/** One line a row, as the benchmarks of this repository print. */
function printLines({ quiet, p99Ratio, noise, others, burner }) {
  for (const row of ['alone', 'beside']) {
    const { p50, p99, codes } = quiet[row]
    const line = { bench: 'server', row, p50: p50.value, p99: p99.value }
    line.unit = 'ms'
    line.codes = codes
    if (row === 'beside')
      Object.assign(line, {
        baseline: 'alone',
        ratio: p99Ratio.value,
        spread: p99Ratio.deviation,
        burner,
        noise,
        others
      })
    console.log(JSON.stringify(line))
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '10' },
    requests: { type: 'string', default: '100' },
    server: { type: 'string', default: 'server.js' },
    json: { type: 'boolean', default: false }
  }
})
const server = await start(values.server, positionals[0] ?? 'plugins')
try {
  const measured = await measure(server, +values.rounds, +values.requests)
  const summary = summarise(measured)
  if (values.json) printLines(summary)
  else print(summary, +values.rounds)
} finally {
  const status = await server.stop()
  if (status !== 0 && values.server === 'server.js')
    throw new Error(`the server ended with ${status}`)
}
