// SPDX-License-Identifier: Apache-2.0 OR MIT
/** However a module is compiled, its loops hold an atomic load. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import {
  functionsOf,
  loadsInLoop,
  pollsInLoop
} from '../rust/support/binary.mjs'
import { compile, tryCompile } from './support/asc.mjs'

const LOOPS = 'test/guests/assemblyscript/loops.ts'

for (const runtime of ['stub', 'minimal', 'incremental'])
  describe(`--runtime ${runtime}`, () => {
    for (const level of ['-O0', '-O1', '-O2', '-O3', '-Os', '-Oz'])
      test(`${level}: the loops poll, by the instruction itself`, async () => {
        const bytes = await compile(LOOPS, level, '--runtime', runtime)
        const functions = functionsOf(bytes)
        for (const name of ['spin', 'count', 'concatenate']) {
          const full = fullName(functions, name)
          assert.ok(pollsInLoop(functions, full), `${name} does not`)
          assert.ok(loadsInLoop(functions, full), `${name}: by a call`)
        }
      })
  })

test('with --converge and --noAssert, too', async () => {
  const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub']
  const functions = functionsOf(await compile(LOOPS, ...options))
  assert.ok(loadsInLoop(functions, fullName(functions, 'spin')))
})

test('without --enable threads the compiler says what is missing', async () => {
  const { error, stderr } = await tryCompile(LOOPS, '-O1')
  assert.ok(error)
  assert.match(stderr, /Feature 'threads' is not enabled/)
})

/** asc puts the file's path before a function's name. */
function fullName(functions, name) {
  const found = [...functions.keys()].filter((it) => it.endsWith(`/${name}`))
  assert.equal(found.length, 1, `${found.length} functions called ${name}`)
  return found[0].slice(1)
}
