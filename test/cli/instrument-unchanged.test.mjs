// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument` changes nothing that a program computes: results, traps,
// memories, globals, tables, the order of calls to the host.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import {
  assemble,
  host,
  noAssembler,
  sections,
  tryInstrument
} from './support/instrument.mjs'
import { CASES } from './support/unchanged-cases.mjs'

const CHILD = fileURLToPath(
  new URL('support/unchanged-child.mjs', import.meta.url)
)
/** The words, and the memory that they are in. */
const ADDED = /^(__instance_\w+|__wasmsig_memory|memory)$/
const WAYS = [[], ['--every', '1'], ['--every', '3', '--calls']]

/** What a host sees of modules with the same calls, and `own` exports. */
function seenBy(program, modules, calls, own) {
  const input = modules.map((bytes) => ({
    wasm: bytes.toString('base64'),
    calls,
    own
  }))
  const { status, stdout, stderr } = spawnSync(program, [CHILD], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 2 ** 28
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const countExports = (bytes) =>
  [...sections(bytes)].find(([number]) => number === 7)[2][0]

for (const [name, { wat, calls }] of Object.entries(CASES)) {
  test(`unchanged: ${name}`, { skip: noAssembler }, () => {
    const bare = assemble(wat)
    const made = WAYS.map((options) => {
      const { status, stderr, bytes } = tryInstrument(bare, ...options)
      assert.equal(status, 0, stderr)
      return bytes
    })
    const { program } = host('node-26')
    const all = seenBy(program, [bare, ...made], calls, countExports(bare))
    const [{ added: none, ...original }, ...others] = all
    assert.deepEqual(none, [])
    assert.ok(made.at(-1).length > bare.length, 'it has polls')
    for (const [i, { added, ...other }] of others.entries()) {
      assert.ok(
        added.every((one) => ADDED.test(one)),
        `added: ${added}`
      )
      assert.deepEqual(other, original, WAYS[i].join(' '))
    }
  })
}
