#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Three containers of the plugin server behind haproxy. One tenant burns all that
 * it may, and one container is drained in the middle. The other tenants' requests
 * are counted: none may fail.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { Container } from './container.mjs'

const HELP = `Usage: examples/load-balanced/run.mjs [--json] [PLUGINS]

Starts three containers (runc) and haproxy, as root, and ends them.
PLUGINS is the folder of the plugins (examples/server/plugins).

  --json   print all figures as JSON
  --help   print this

Exit status: 0 if no request of the other tenants failed; 1 if one did, or if
something could not start; 2 for wrong usage.
`

const PHASE_MS = 2500 // before the drain, and after it
const HOGS = 12 // requests of the tenant that burns, at any time
const OTHERS = ['square?n=7', 'primes?n=1000', 'square?n=9']
const NAMES = ['first', 'second', 'third']
const PATIENCE_MS = 60_000
const LINGER_MS = 1000

const here = (name) => fileURLToPath(new URL(name, import.meta.url))

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until a server is ready. */
async function untilReady(address) {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const response = await fetch(`${address}/ready`).catch(() => undefined)
    if (response?.status === 200) return
    if (Date.now() > until) throw new Error(`${address} does not answer`)
    await sleep(50)
  }
}

/** Fails as soon as the container has ended. */
function untilStarted(container) {
  const over = container.ended.then((status) => {
    throw new Error(
      `a container ended with status ${status}: ${container.output.trim()}`
    )
  })
  return Promise.race([untilReady(container.address), over])
}

/** How often each status came, for each tenant. */
class Counts {
  #tenants = {}

  add(tenant, status) {
    const counts = (this.#tenants[tenant] ??= {})
    counts[status] = (counts[status] ?? 0) + 1
  }

  of(tenant) {
    return this.#tenants[tenant] ?? {}
  }

  get all() {
    return this.#tenants
  }
}

/** Asks one path again and again, until `isOver`. */
async function client(address, path, counts, state) {
  const tenant = path.split('?')[0]
  while (!state.isOver) {
    try {
      const response = await fetch(`${address}/${path}`)
      await response.text()
      counts.add(tenant, response.status)
      // As it is told: the tenant has nothing left for now.
      if (response.status === 429) await sleep(20)
    } catch (error) {
      counts.add(tenant, error.cause?.code ?? error.message)
    }
  }
}

/** The requests that a server has answered, by its own metrics. */
async function answered({ address }) {
  const text = await (await fetch(`${address}/metrics`)).text()
  const values = text.matchAll(/^plugin_requests_total\{.*\} (\d+)$/gm)
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0)
}

function check(plugins) {
  for (const name of ['square', 'primes', 'hog'])
    if (!existsSync(join(plugins, `${name}.wasm`)))
      throw new Error(
        `there is no ${name}.wasm in ${plugins}; in examples/server, ` +
          'npm run build makes it'
      )
  if (process.getuid() !== 0) throw new Error('only root may start containers')
  for (const name of ['runc', 'haproxy'])
    if (spawnSync('which', [name]).status !== 0)
      throw new Error(`${name} is missing (scripts/setup containers)`)
}

async function run(plugins, started) {
  const ports = await Promise.all([...NAMES, 'proxy'].map(freePort))
  for (const [i] of NAMES.entries())
    started.containers.push(
      new Container(plugins, { PORT: ports[i], LINGER_MS, HARD_MS: 100 })
    )
  for (const one of started.containers) await untilStarted(one)

  const port = ports.at(-1)
  const variables = Object.fromEntries(
    NAMES.map((name, i) => [`PORT_${name.toUpperCase()}`, ports[i]])
  )
  started.proxy = spawn('haproxy', ['-q', '-db', '-f', here('haproxy.cfg')], {
    env: { ...process.env, PORT: port, ...variables },
    stdio: ['ignore', 'ignore', 'inherit']
  })
  const address = `http://127.0.0.1:${port}`
  await untilReady(address)

  const counts = new Counts()
  const state = { isOver: false }
  const clients = [...OTHERS, ...Array(HOGS).fill('hog')].map((path) =>
    client(address, path, counts, state)
  )
  await sleep(PHASE_MS)
  const [drained, ...rest] = started.containers
  drained.kill('SIGTERM')
  const status = await drained.ended
  const before = await Promise.all(rest.map(answered))
  await sleep(PHASE_MS)
  state.isOver = true
  await Promise.all(clients)
  const after = await Promise.all(rest.map(answered))
  return {
    tenants: counts.all,
    drained: { status },
    others: after.map((count, i) => ({ answeredAfterDrain: count - before[i] }))
  }
}

/** Requests of other tenants than the one that burns that have no answer. */
const failures = ({ tenants }) =>
  Object.entries(tenants)
    .filter(([tenant]) => tenant !== 'hog')
    .flatMap(([, counts]) => Object.entries(counts))
    .filter(([status]) => status !== '200')
    .reduce((sum, [, count]) => sum + count, 0)

function print(result) {
  console.log('tenant    answers by status')
  for (const [tenant, counts] of Object.entries(result.tenants)) {
    const list = Object.entries(counts).map(([code, n]) => `${code}: ${n}`)
    console.log(`${tenant.padEnd(9)} ${list.join('   ')}`)
  }
  console.log(
    `\nThe drained container ended with status ${result.drained.status}.`
  )
  const sums = result.others.map((one) => one.answeredAfterDrain)
  console.log(`After it the others answered ${sums.join(' and ')} requests.`)
  console.log(`Failed requests of other tenants: ${failures(result)}`)
}

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean' } }
    })
    if (positionals.length > 1) throw new Error('give only one folder')
    return { ...values, plugins: positionals[0] ?? here('../server/plugins') }
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    process.exit(2)
  }
}

async function main() {
  const options = readOptions()
  if (options.help) return process.stdout.write(HELP)
  const started = { containers: [] }
  try {
    check(options.plugins)
    const result = await run(options.plugins, started)
    if (options.json) console.log(JSON.stringify(result))
    else print(result)
    process.exitCode = failures(result) === 0 ? 0 : 1
  } finally {
    started.proxy?.kill('SIGTERM')
    await Promise.all(started.containers.map((one) => one.remove()))
  }
}

main().catch((error) => {
  console.error(`load-balanced: ${error.message}`)
  process.exitCode = 1
})
