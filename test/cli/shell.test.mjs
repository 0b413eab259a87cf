// SPDX-License-Identifier: Apache-2.0 OR MIT
// The example of a program in a shell works as its README says.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { COMMAND, folder, guest } from './support/command.mjs'

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url))

/** The program, compiled by the command of the README. */
function primes(t) {
  const readme = readFileSync(path('examples/shell/README.md'), 'utf8')
  const target = join(folder(t), 'primes.wasm')
  const [, ...args] = readme
    .match(/^clang .*$/m)[0]
    .replace('primes.wasm', target)
    .split(' ')
  execFileSync('clang-19', args, { cwd: path('.') })
  return target
}

const example = (program) =>
  spawnSync(path('examples/shell/run'), [COMMAND, program], {
    encoding: 'utf8'
  })

test('the example runs, compiled as its README says', (t) => {
  const { status, stdout } = example(primes(t))
  assert.match(stdout, /primes below \d+: out of CPU time/)
  assert.match(stdout, /primes below \d+: interrupted/)
  assert.equal(status, 0)
})

test('the example reports a program that fails its checks', () => {
  const { status, stdout } = example(guest('plain'))
  assert.match(stdout, /failed: exit status 99, expected 3/)
  assert.equal(status, 1)
})
