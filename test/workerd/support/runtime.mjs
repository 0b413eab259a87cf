// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * workerd from npm under `wasmsig workerd`, with the Workers of this folder.
 * WASMSIG_WORKERD_VERSION chooses the version.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import makeWabt from 'wabt'

import { fetched } from '../../support/fetched.mjs'
import { PATIENCE_MS } from '../../support/patience.mjs'
import { emulated, variables } from './emulated.mjs'

const here = fileURLToPath(new URL('..', import.meta.url))
const root = join(here, '..', '..')

export const COMMAND =
  process.env.WASMSIG_COMMAND ?? join(root, 'build/release/wasmsig')

/** The oldest version that has the feature, the newest, and some between. */
export const VERSIONS = [
  '1.20260310.1',
  '1.20260401.1',
  '1.20260501.1',
  '1.20260601.1',
  '1.20260701.1',
  '1.20260901.1',
  '1.20261001.1',
  '1.20261117.1'
]

export const VERSION =
  process.env.WASMSIG_WORKERD_VERSION ?? VERSIONS[VERSIONS.length - 1]

// ------------------------------------------------------------------- files

/** The executable of a version; it is fetched unless it is there. */
export function executable(version = VERSION, processor = '64') {
  const name = `@cloudflare/workerd-linux-${processor}`
  const suffix = processor === '64' ? '' : `-${processor}`
  const target = join(root, 'build/hosts', `workerd-${version}${suffix}`)
  // A program for another processor is only read, or emulated.
  const options = processor === '64' ? [] : ['--force', `--cpu=${processor}`]
  const folder = fetched(target, { [name]: version }, options)
  return join(folder, 'node_modules', name, 'bin/workerd')
}

/** The bytes of guests/NAME.wat. */
export async function guest(name) {
  const wabt = await makeWabt()
  const file = join(here, 'guests', `${name}.wat`)
  const module = wabt.parseWat(file, readFileSync(file, 'utf8'), {
    threads: true
  })
  const { buffer } = module.toBinary({})
  module.destroy()
  return buffer
}

/** A folder that is removed when the test ends. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-workerd-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

/** Two ports that are free. */
async function freePorts() {
  const servers = [createServer(), createServer()]
  const ports = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    ports.push(server.address().port)
  }
  for (const server of servers) {
    await new Promise((resolve) => server.close(resolve))
  }
  return ports
}

// ------------------------------------------------------------------- config

// Until 2026-06 the runtime tracks instances behind this gate.
const GATE = 'workerd-autogate-wasm-shutdown-signal-shim'
const FLAGS = [
  'service_binding_extra_handlers',
  'nodejs_compat',
  'experimental'
]

const worker = (name, modules, more = '') => `
const ${name} :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  compatibilityDate = "2026-03-01",
  compatibilityFlags = [${FLAGS.map((flag) => `"${flag}"`).join(', ')}],
  ${more}
);`

const esm = (file) => `(name = "${file}", esModule = embed "${file}")`
const wasm = (file) => `(name = "${file}", wasm = embed "${file}")`

/** All of the Workers; the driver listens. */
export const config = (port, directPort) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  autogates = ["${GATE}"],
  services = [
    (name = "driver", worker = .driver),
    (name = "subject", worker = .subject),
    (name = "tail", worker = .tail),
    (name = "tailed", worker = .tailed)
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${port}", http = (), service = "driver"),
    (name = "direct", address = "127.0.0.1:${directPort}", http = (), service = "subject")
  ]
);
${worker(
  'subject',
  [esm('subject.mjs'), esm('endless.mjs'), wasm('poll.wasm')],
  `
  tails = ["tail"],
  durableObjectNamespaces = [(className = "Actor", uniqueKey = "actor")],
  durableObjectStorage = (inMemory = void)`
)}
${worker(
  'driver',
  [esm('driver.mjs')],
  `
  bindings = [
    (name = "subject", service = "subject"),
    (name = "methods", service = (name = "subject", entrypoint = "Methods")),
    (name = "tail", service = "tail"),
    (name = "tailed", service = "tailed"),
    (name = "actors", durableObjectNamespace =
      (className = "Actor", serviceName = "subject"))
  ]`
)}
${worker('tail', [esm('tail.mjs')])}
${worker('tailed', [esm('tailed.mjs')], 'tails = ["subject"]')}
`

/** A folder with the Workers, their guests, and a config. */
export async function stage(t, makeConfig = config, files = {}) {
  const path = folder(t)
  const ports = await freePorts()
  for (const name of ['subject', 'endless', 'driver', 'tail', 'tailed']) {
    const text = readFileSync(join(here, 'workers', `${name}.mjs`))
    writeFileSync(join(path, `${name}.mjs`), text)
  }
  writeFileSync(join(path, 'poll.wasm'), await guest('poll'))
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(path, name), text)
  }
  writeFileSync(join(path, 'config.capnp'), makeConfig(...ports))
  return { path, ports }
}

// ---------------------------------------------------------------- processes

/** What came over HTTP. */
class Answer {
  #response
  constructor(response) {
    this.#response = response
    this.status = response.statusCode
    this.headers = response.headers
  }
  async text() {
    let text = ''
    for await (const chunk of this.#response) text += chunk
    return text
  }
  async json() {
    return JSON.parse(await this.text())
  }
}

/** A running workerd. */
class Server {
  constructor(child, [port, directPort], log) {
    Object.assign(this, { child, port, directPort, log, stderr: '' })
    child.stderr.on('data', (text) => (this.stderr += text))
    this.ended = new Promise((resolve) => child.once('exit', resolve))
  }

  /** Asks the driver: { result } or { error }. */
  async ask(path) {
    const response = await this.get(path)
    return response.json()
  }

  get(path, { port = this.port } = {}) {
    // A connection for each: the runtime closes one after an error, just when
    // the next request may be on its way.
    const options = { port, path, agent: false, timeout: PATIENCE_MS }
    return new Promise((resolve, reject) => {
      const received = get({ host: '127.0.0.1', ...options }, (response) => {
        resolve(new Answer(response))
      })
      received.on('error', reject)
      received.on('timeout', () => received.destroy(new Error('no answer')))
    })
  }

  /** Asks the subject itself. */
  direct(path) {
    return this.get(path, { port: this.directPort })
  }

  /** The lines of the log so far. */
  lines() {
    if (!existsSync(this.log)) return []
    const text = readFileSync(this.log, 'utf8')
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  /** Waits until `holds()`. */
  async until(holds) {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      if (this.child.exitCode !== null) throw new Error(this.stderr)
      if (await holds()) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`waited in vain; ${JSON.stringify(this.lines())}`)
  }

  async listening() {
    await this.until(() => this.get('/').catch(() => null))
    return this
  }

  async stop() {
    this.child.kill('SIGKILL')
    await this.ended
  }
}

/** The command line of a workerd with limits; for arm64 in an emulator. */
function limited(options, args, version, processor = '64') {
  const program = executable(version, processor)
  if (processor === '64') {
    return [COMMAND, 'workerd', ...options, '--workerd', program, '--', ...args]
  }
  return emulated(program, args, variables(options))
}

/**
 * Starts workerd under the command; ends it with the test. `without`: there are
 * no timers, so that the watchdog notices the limits. `watch`: it starts itself
 * again when a file of `server.folder` changes. `log`: another file for the log.
 */
export async function serve(t, limits, options = {}) {
  const { makeConfig, files, version, without, processor, watch } = options
  const { path, ports } = await stage(t, makeConfig, files)
  const log = options.log ?? join(path, 'requests.jsonl')
  const command = limited(
    [...limits, '--log', log, '--log-format', 'json'],
    [
      ...['serve', '--experimental', ...(watch ? ['--watch'] : [])],
      join(path, 'config.capnp')
    ],
    version,
    processor
  )
  if (without === 'timers') {
    command.unshift('bash', '-c', 'ulimit -i 0; exec "$0" "$@"')
  }
  const stdio = ['ignore', 'ignore', 'pipe']
  const child = spawn(command[0], command.slice(1), { stdio })
  const server = new Server(child, ports, log)
  server.folder = path
  t.after(() => server.stop())
  return server.listening()
}
