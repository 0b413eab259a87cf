// SPDX-License-Identifier: Apache-2.0 OR MIT
// On a terminal, a start that compiles for long says so. A preloaded library
// decides whether that second has passed: no test waits for it.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { built } from '../support/built.mjs'
import { PATIENCE_MS } from '../support/patience.mjs'
import { home } from './support/cache.mjs'
import { COMMAND } from './support/command.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const skip =
  process.env.ASAN_OPTIONS !== undefined &&
  'the runtime of the sanitizer must be loaded first'

function patient() {
  const source = join(here, 'support/patient.c')
  const target = join(here, '../../build/cli-guests/patient.so')
  return built(target, [source], (file) =>
    execFileSync('gcc', ['-shared', '-fPIC', '-o', file, source])
  )
}

const environment = (patience) => [
  ...['env', `LD_PRELOAD=${patient()}`, `PATIENCE=${patience}`]
]

/** What it prints on a terminal; its status must be that of the program. */
function onTerminal(user, patience, args, env = {}) {
  const script = join(here, 'support/terminal.py')
  const command = [...environment(patience), COMMAND, 'run', ...args]
  const { stdout, stderr } = spawnSync('python3', [script, '[]', ...command], {
    env: { ...user.env, ...env },
    encoding: 'utf8',
    timeout: PATIENCE_MS
  })
  assert.equal(stderr, '')
  const { output, status } = JSON.parse(stdout)
  assert.equal(status, 7, output)
  return output
}

const NOTICE =
  /^wasmsig: [^\n]*exits-7\.wasm: compiling; the next start will be quicker\r\n$/
const SHORT = /^wasmsig: [^\n]*exits-7\.wasm: compiling\r\n$/

test(
  'a start that compiles for long says so, the second does not',
  { skip },
  (t) => {
    const user = home(t)
    assert.match(onTerminal(user, 'none', [user.program]), NOTICE)
    assert.equal(onTerminal(user, 'none', [user.program]), '')
  }
)

test('it promises a quicker start only with a cache', { skip }, (t) => {
  const user = home(t)
  const args = ['--no-cache', user.program]
  assert.match(onTerminal(user, 'none', args), SHORT)
  const off = { WASMSIG_CACHE: 'off' }
  assert.match(onTerminal(user, 'none', [user.program], off), SHORT)
})

test('a compilation that takes less than a second is silent', { skip }, (t) => {
  const user = home(t)
  assert.equal(onTerminal(user, 'all', [user.program]), '')
})

test('code that is compiled already is silent', { skip }, (t) => {
  const user = home(t)
  const out = join(user.path, 'exits-7.cwasm')
  user.command(['compile', user.program, '-o', out])
  const args = ['--allow-precompiled', out]
  assert.equal(onTerminal(user, 'none', args), '')
  const wamr = ['--engine', 'wamr', user.program]
  assert.equal(onTerminal(user, 'none', wamr), '')
})

test('without a terminal nothing is said', { skip }, (t) => {
  const user = home(t)
  const [file, ...args] = [...environment('none'), COMMAND, 'run', user.program]
  const options = { env: user.env, encoding: 'utf8', timeout: PATIENCE_MS }
  const { status, stderr } = spawnSync(file, args, options)
  assert.deepEqual([status, stderr], [7, ''])
})
