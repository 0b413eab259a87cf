// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * workerd with the Worker of this folder, bare or under `wasmsig workerd`, and
 * a client that costs little beside it.
 */
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../test/support/ports.mjs'
import {
  COMMAND,
  executable,
  guest
} from '../../test/workerd/support/runtime.mjs'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const START_TIME = 20_000 // ms

/** The command that runs workerd; without limits it is workerd itself. */
export const workerd = (limits) =>
  limits
    ? [COMMAND, 'workerd', ...limits, '--workerd', executable(), '--']
    : [executable()]

const config = (port) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "answer", worker = .answer)],
  sockets = [(
    name = "http", address = "127.0.0.1:${port}", http = (), service = "answer"
  )]
);
const answer :Workerd.Worker = (
  modules = [
    (name = "answer.mjs", esModule = embed "answer.mjs"),
    (name = "poll.wasm", wasm = embed "poll.wasm")
  ],
  compatibilityDate = "2026-03-01"
);`

async function stage() {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-bench-'))
  const port = await freePort()
  copyFileSync(join(HERE, 'answer.mjs'), join(path, 'answer.mjs'))
  writeFileSync(join(path, 'poll.wasm'), await guest('poll'))
  writeFileSync(join(path, 'config.capnp'), config(port))
  return { path, port }
}

/* ------------------------------------------------------------------ client */

/** A connection that is kept alive: one request at a time. */
class Connection {
  #socket
  #received = ''
  #done

  static async open(port) {
    const connection = new Connection()
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    connection.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text) => connection.#take(text))
    socket.on('close', () => connection.#end('the connection was closed'))
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return connection
  }

  #take(text) {
    this.#received += text
    const head = this.#received.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = /content-length: (\d+)/i.exec(this.#received)
    if (!length) return this.#end('an answer has no length')
    if (this.#received.length < head + 4 + Number(length[1])) return
    const status = Number(this.#received.slice(9, 12))
    this.#received = ''
    this.#done?.resolve(status)
  }

  #end(why) {
    this.#done?.reject(new Error(why))
  }

  /** @returns {Promise<number>} the status of the answer */
  get(path) {
    const answer = new Promise((resolve, reject) => {
      this.#done = { resolve, reject }
    })
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`)
    return answer
  }

  close() {
    this.#done = null
    this.#socket.destroy()
  }
}

/* ------------------------------------------------------------------ server */

export class Server {
  /** @param {string[]} [limits] of wasmsig; none: workerd alone */
  static async start(limits) {
    const server = new Server()
    const { path, port } = await stage()
    const log = join(path, 'log')
    const ours = limits && [...limits, '--log', log, '--log-format', 'json']
    Object.assign(server, { path, port, log })
    return server.#run(ours)
  }

  /** As start, without a log: nothing but the limits. */
  static async startQuietly(limits) {
    const server = new Server()
    Object.assign(server, await stage())
    return server.#run(limits)
  }

  async #run(limits) {
    // It must not outlive this process, which run.mjs may kill.
    const args = ['--pdeathsig', 'KILL', ...workerd(limits), 'serve']
    const stderr = openSync(join(this.path, 'stderr'), 'w')
    const child = spawn('setpriv', [...args, join(this.path, 'config.capnp')], {
      stdio: ['ignore', 'ignore', stderr]
    })
    this.pid = child.pid
    child.unref()
    process.on('exit', () => {
      child.kill('SIGKILL')
      rmSync(this.path, { recursive: true })
    })
    for (const end = Date.now() + START_TIME; Date.now() < end;) {
      if (child.exitCode !== null) break
      const status = await this.get('/').catch(() => 0)
      if (status === 200) return this
      await sleep(20)
    }
    throw new Error(readFileSync(join(this.path, 'stderr'), 'utf8'))
  }

  /** One request on a connection of its own. */
  async get(path) {
    const connection = await Connection.open(this.port)
    try {
      return await connection.get(path)
    } finally {
      connection.close()
    }
  }

  /** CPU time of all of its threads, µs. */
  cpu() {
    let ns = 0
    for (const task of readdirSync(`/proc/${this.pid}/task`)) {
      const file = `/proc/${this.pid}/task/${task}/schedstat`
      ns += Number(readFileSync(file, 'utf8').split(' ')[0])
    }
    return ns / 1000
  }

  /**
   * `count` requests to /, over `width` connections.
   *
   * @returns µs: `each` a request, `cpu` of workerd for it, and `p99` of the
   *          times until an answer
   */
  async load(count, width) {
    const times = []
    const ask = async (connection) => {
      for (let i = 0; i < count / width; i++) {
        const start = process.hrtime.bigint()
        const status = await connection.get('/')
        times.push(Number(process.hrtime.bigint() - start) / 1000)
        if (status !== 200) throw new Error(`status ${status}`)
      }
    }
    const open = Array.from({ length: width }, () => Connection.open(this.port))
    const connections = await Promise.all(open)
    const [cpu, start] = [this.cpu(), process.hrtime.bigint()]
    await Promise.all(connections.map(ask))
    const us = Number(process.hrtime.bigint() - start) / 1000
    const used = this.cpu() - cpu
    for (const connection of connections) connection.close()
    times.sort((a, b) => a - b)
    const p99 = times[Math.floor(times.length * 0.99)]
    return { each: us / times.length, cpu: used / times.length, p99 }
  }

  /** What the log says of the requests, once `holds` is true of one. */
  async logged(from, holds) {
    for (const end = Date.now() + START_TIME; Date.now() < end;) {
      const text = readFileSync(this.log, 'utf8').slice(from)
      const lines = text.split('\n').slice(0, -1)
      const line = lines.map((one) => JSON.parse(one)).find(holds)
      if (line) return line
      await sleep(2)
    }
    throw new Error('the log has no such line')
  }

  /** What the log says of one request to `path`. */
  async lineOf(path, holds = () => true) {
    const from = readFileSync(this.log, 'utf8').length
    await this.get(path)
    return this.logged(from, holds)
  }
}
