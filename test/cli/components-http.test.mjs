// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig run` with a component that sends requests by wasi:http. The test is
// its server.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'

import { ENGINES, guest, run, startIn } from './support/command.mjs'
import { noRust, rustComponent, rustCrate } from './support/components.mjs'

const rust = { skip: noRust }
const program = noRust ? '' : rustCrate('http')

/** Starts a server; `answer` receives each request. */
async function serve(t, answer) {
  const paths = []
  const server = createServer((request, response) => {
    paths.push(request.url)
    answer(response)
  })
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { server, paths, at: `127.0.0.1:${server.address().port}` }
}

const noContent = (response) => response.writeHead(204).end()
const nothing = () => {}

test(
  'without --http each request is denied, and none goes out',
  rust,
  async (t) => {
    const { at, paths } = await serve(t, noContent)
    const { status, stdout } = await startIn(t, 'wasmtime', [program, at]).ended
    assert.equal(stdout, 'Err(ErrorCode::HttpRequestDenied)\n')
    assert.deepEqual([status, paths], [0, []])
  }
)

test('with --http a request goes out', rust, async (t) => {
  const { at, paths } = await serve(t, noContent)
  const args = ['--http', program, at]
  const { status, stdout } = await startIn(t, 'wasmtime', args).ended
  assert.equal(stdout, 'Ok(204)\n')
  assert.deepEqual([status, paths], [0, ['/path']])
})

test('a component that sends no request runs without --http', rust, () => {
  const { status, stdout } = run('wasmtime', [program])
  assert.deepEqual([stdout, status], ['no request\n', 0])
})

test('--http opens no sockets', rust, async (t) => {
  const { at } = await serve(t, noContent)
  const args = ['--http', rustComponent('wasip2'), 'connect', at]
  const { stdout } = await startIn(t, 'wasmtime', args).ended
  assert.equal(stdout, 'PermissionDenied\n')
})

test('--wall ends a component that waits for a response', rust, async (t) => {
  const { at } = await serve(t, nothing)
  const args = ['--http', '--wall', '500ms', program, at]
  assert.equal((await startIn(t, 'wasmtime', args).ended).status, 124)
})

test('SIGINT ends a component that waits for a response', rust, async (t) => {
  const { server, at } = await serve(t, nothing)
  const requested = once(server, 'request')
  const { child, ended } = startIn(t, 'wasmtime', ['--http', program, at])
  await requested
  child.kill('SIGINT')
  assert.equal((await ended).signal, 'SIGINT')
})

for (const engine of ENGINES)
  test(`${engine}: --http has no effect on a module`, () => {
    const module = guest('plain')
    const [without, args] = [run(engine, [module]), ['--http', module]]
    assert.deepEqual(run(engine, args).stdout, without.stdout)
    assert.equal(run(engine, args).status, without.status)
  })
