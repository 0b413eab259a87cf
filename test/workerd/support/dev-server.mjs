// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A development server under wasmsig-workerd. */
import assert from 'node:assert/strict'
import { get } from 'node:http'

import { PATIENCE_MS } from '../../support/patience.mjs'
import { freePort } from '../../support/ports.mjs'

export const pause = () => new Promise((resolve) => setTimeout(resolve, 50))

/** [status, text], or undefined while nothing listens. */
function ask(port, path) {
  const options = { host: '127.0.0.1', port, path, agent: false }
  return new Promise((resolve, reject) => {
    const asked = get({ ...options, timeout: PATIENCE_MS }, async (answer) => {
      let text = ''
      for await (const part of answer) text += part
      resolve([answer.statusCode, text])
    })
    asked.on('error', ({ code }) =>
      code === 'ECONNREFUSED' ? resolve() : reject(new Error(code))
    )
    asked.on('timeout', () => asked.destroy())
  })
}

/** Starts a project's server; `commandAt(port)` is its command line. */
export async function startServer(made, commandAt) {
  const port = await freePort()
  const child = made.start(commandAt(port))
  while (child.exitCode === null && !(await ask(port, '/lives'))) await pause()
  assert.equal(child.exitCode, null, child.text)
  return { child, ask: (path) => ask(port, path) }
}

/** The Worker of workerFiles() lives, is signalled, and is stopped twice. */
export async function useWorker({ ask }) {
  assert.deepEqual(await ask('/lives'), [200, 'alive'])
  assert.deepEqual(await ask('/signalled'), [200, 'signal 24'])
  for (const path of ['/stopped/wasm', '/stopped/js']) {
    const [status, text] = await ask(path)
    assert.equal(status, 500, text)
    assert.match(text, /Worker exceeded CPU time limit\./)
  }
  assert.deepEqual(await ask('/lives'), [200, 'alive'])
}
