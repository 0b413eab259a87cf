// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The executables of both processors: every function and slot is found in them,
 * and the library runs wherever they run.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { COMMAND, VERSIONS, executable } from './support/runtime.mjs'

const CHECK = join(dirname(COMMAND), 'test/workerd_check_binary')
const LIBRARY = join(dirname(COMMAND), 'libwasmsig-workerd.so')
const SLOTS = [
  '16customizeIsolateE',
  '14enterStartupJsE',
  '18enterStartupPythonE',
  '20enterDynamicImportJsE',
  '16completedRequestE',
  'D0Ev',
  '7enterJsE',
  '10topUpActorE',
  '17getLimitsExceededE',
  '24requireLimitsNotExceededE',
  '33setCpuLimitNearlyExceededCallbackE',
  '16onLimitsExceededE',
  'D0Ev'
]

/* Those of the answer over HTTP, which Rust serves since then. */
const answerSlots = (version) =>
  version < '1.20261117.1'
    ? ['22handleApplicationErrorE']
    : ['7requestE', '7requestE']

for (const version of VERSIONS) {
  for (const processor of ['64', 'arm64']) {
    test(`${version} for linux-${processor}`, () => {
      const file = executable(version, processor)
      const lines = execFileSync(CHECK, [file], { encoding: 'utf8' })
      const slots = lines
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
      assert.deepEqual(
        slots.map(([, method]) => method),
        [...SLOTS, ...answerSlots(version)]
      )
      const addresses = new Set(slots.map(([address]) => address))
      assert.equal(addresses.size, slots.length)
    })
  }
}

// ------------------------------------------------------------------- glibc

const objdump = (option, file) =>
  execFileSync('objdump', [option, file], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 2 ** 28
  })

/** The newest version of glibc that a file requires: 34 for 2.34. */
function newestGlibc(file) {
  const versions = objdump('-p', file).matchAll(/ GLIBC_2\.(\d+)/g)
  return Math.max(...[...versions].map(([, minor]) => Number(minor)))
}

const libraries = (file) =>
  [...objdump('-p', file).matchAll(/NEEDED +(\S+)/g)].map(([, name]) => name)

test('the library requires no newer glibc than workerd does', () => {
  const required = newestGlibc(LIBRARY)
  assert.ok(required > 0, 'no version was found')
  for (const version of VERSIONS) {
    const known = newestGlibc(executable(version))
    assert.ok(required <= known, `${version}: 2.${required} > 2.${known}`)
  }
})

test('the library requires no library beside glibc', () => {
  // Not its loader either, whose __tls_get_addr handlers must not call.
  const names = libraries(LIBRARY).map((name) => name.replace(/[-.].*/, ''))
  assert.deepEqual(names.sort(), ['libc', 'libdl', 'libpthread'])
})
