// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The servers of examples/server, with its plugins and some of the test's own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'
import { once } from 'node:events'
import initialise from 'wabt'

import { compile } from '../../guests/assemblyscript/support/asc.mjs'
import { begin } from '../../support/processes.mjs'

const EXAMPLE = new URL('../../../examples/server/', import.meta.url)

/** Plugins that the example does not have. */
const OTHERS = {
  traps: '(func (export "run") (param i32) (result i32) unreachable)',
  recurses: `(func $run (export "run") (param i32) (result i32)
    (i32.add (i32.const 1) (call $run (local.get 0))))`,
  starts: `(func $start (loop $forever (br $forever))) (start $start)
    (func (export "run") (param i32) (result i32) (local.get 0))`,
  imports: '(import "env" "log" (func (param i32)))'
}

/** A folder in which all plugins are. */
export async function buildPlugins() {
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-server-'))
  const save = (name, bytes) =>
    writeFileSync(join(folder, `${name}.wasm`), bytes)
  for (const name of ['square', 'primes', 'hog']) {
    const options = ['-O', '--runtime', 'stub', '--use', 'abort=']
    const source = `examples/server/plugins/${name}.ts`
    save(name, await compile(source, ...options))
  }
  const wabt = await initialise()
  for (const [name, body] of Object.entries(OTHERS)) {
    const module = wabt.parseWat(name, `(module ${body})`)
    save(name, module.toBinary({}).buffer)
    module.destroy()
  }
  mkdirSync(join(folder, 'empty'))
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

/**
 * Starts a server of the example, which ends with the test `t` at the latest.
 *
 * @param {object} settings more variables of its environment
 * @returns `ask(path)` answers { status, headers, body }, `page(path)` a text;
 *   `child` and `ended` as begin()
 */
export async function startServer(t, file, folder, settings = {}) {
  const path = fileURLToPath(new URL(file, EXAMPLE))
  const options = { env: { ...process.env, PORT: '0', ...settings } }
  const server = begin(t, process.execPath, [path, folder], options)
  let output = ''
  server.child.stdout.on('data', (part) => (output += part))
  await server.said('listening on ')
  await server.said('\n')
  const [address] = /http:\S+/.exec(output)
  return {
    ...server,
    address,
    output,
    ask: (path) => ask(`${address}/${path}`),
    page: async (path) => (await fetch(`${address}/${path}`)).text()
  }
}

/**
 * Asks on a connection of its own, as different clients do. `received` resolves
 * when the server has the request, the promise itself when it has answered.
 */
function ask(url) {
  const headers = { expect: '100-continue' }
  const request = get(url, { agent: false, headers })
  const answer = answerTo(request)
  return Object.assign(answer, { received: once(request, 'continue') })
}

async function answerTo(request) {
  const [response] = await once(request, 'response')
  const body = JSON.parse(await text(response))
  return { status: response.statusCode, headers: response.headers, body }
}
