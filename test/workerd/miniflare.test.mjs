// SPDX-License-Identifier: Apache-2.0 OR MIT
/** miniflare's API: by the command, and by the package's own function. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { project, workerFiles } from './support/npm.mjs'

const PATHS = ['/lives', '/signalled', '/stopped/wasm', '/stopped/js', '/lives']

const here = (name) => fileURLToPath(new URL(name, import.meta.url))

/** The program in the package's README. */
function readmeProgram() {
  const page = readFileSync(here('../../hosts/workerd/npm/README.md'), 'utf8')
  return /^```js\n(.*?)^```/ms.exec(page)[1]
}

const PLAIN = `
import { Miniflare } from 'miniflare'
const miniflare = new Miniflare(options)`

/** `begin` makes `miniflare` of `options`; each path is asked, and printed. */
const program = (begin) => `
import { readFileSync } from 'node:fs'
const module = (type, path) => ({
  type, path, contents: readFileSync(\`src/\${path}\`)
})
const options = {
  name: 'subject',
  compatibilityDate: '2026-03-01',
  modules: [module('ESModule', 'index.mjs'), module('CompiledWasm', 'poll.wasm')]
}
${begin}
const answers = []
for (const path of ${JSON.stringify(PATHS)}) {
  const response = await miniflare.dispatchFetch('http://subject' + path)
  answers.push([response.status, (await response.text()).split('\\n')[0]])
}
await miniflare.dispose()
console.log(JSON.stringify(answers))
`

const EXPECTED = [
  [200, 'alive'],
  [200, 'signal 24'],
  [500, 'Error: Worker exceeded CPU time limit.'],
  [500, 'Error: Worker exceeded CPU time limit.'],
  [200, 'alive']
]

const isSubject = ({ service }) => service === 'core:user:subject'

function check({ status, stdout, stderr }) {
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), EXPECTED)
}

test('one Worker lives, is signalled, is stopped', async (t) => {
  const files = { ...(await workerFiles()), 'ask.mjs': program(PLAIN) }
  const made = project(t, 'miniflare', files)
  const log = ['--log', 'requests.jsonl', '--log-format', 'json']
  check(made.limited(['--cpu-limit', '60ms', ...log, 'node', 'ask.mjs']))

  const lines = made.lines().filter(isSubject)
  const requests = lines.filter(({ event }) => event === 'request')
  const outcomes = requests.map(({ outcome }) => outcome)
  const stopped = outcomes.filter((outcome) => outcome === 'exceededCpu')
  assert.equal(stopped.length, 2)
  assert.equal(requests.length, PATHS.length)
})

test('a program limits its own miniflare', async (t) => {
  const text = program(readmeProgram())
  const files = { ...(await workerFiles()), 'ask.mjs': text }
  const made = project(t, 'miniflare', files)
  check(made.run('node', ['ask.mjs']))
})

test('what environment() refuses is an error with a code', (t) => {
  const made = project(t, 'miniflare')
  const refused = (limits) => {
    const text = `
      const { environment, WorkerdError } = require('wasmsig-workerd')
      try { environment(${limits}) } catch (error) {
        console.log(error instanceof WorkerdError, error.code, error.message)
      }`
    const options = ['--input-type=commonjs', '-e', text]
    return made.run('node', options).stdout
  }
  for (const [limits, text] of [
    ['{}', 'no limit is given'],
    ['{ cpuLimit: 0 }', 'cpuLimit: expected milliseconds above 0, got 0'],
    ['{ cpuLimit: "50ms" }', 'expected milliseconds above 0, got 50ms'],
    ['{ cpuLimit: 1, cpuMargin: 1 }', 'expected 0 to below 1, got 1'],
    ['{ memory: 1 }', "there is no limit 'memory'"],
    ['{ cpuLimit: 1, workerd: "none" }', 'none: there is no such file']
  ]) {
    const said = refused(limits)
    assert.ok(said.startsWith('true ERR_WASMSIG_WORKERD '), said)
    assert.ok(said.includes(text), said)
  }
})
