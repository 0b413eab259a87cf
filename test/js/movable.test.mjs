// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Memories that may move: what is raised waits for a call boundary, and is put
 * where the memory is then. V8 has such memories where the address space is too
 * small for its reservations (here it must be told that it may do without).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './support/child.mjs'
import { ofAddressSpace } from './support/sanitizer.mjs'

const inNode = process.versions.bun === undefined
const flags = inNode ? ['--expose-gc', '--disable-wasm-trap-handler'] : []
// KiB: too little to reserve for memories, enough for a thread.
const little = Number.parseInt(process.versions.node) < 24 ? 4e6 : 8e6
const addressSpace = inNode ? little : undefined
const skip =
  process.versions.deno !== undefined || /^v18\./.test(process.version)
    ? 'no memory moves in this host'
    : inNode && ofAddressSpace

function movable(sentence, name) {
  test(sentence, { skip }, async () => {
    const options = { flags, addressSpace, args: [name] }
    const { stderr, status, signal } = await run('movable.mjs', options)
    assert.equal(signal, null)
    assert.equal(status, 0, stderr)
  })
}

movable('a memory that may move is told by its own thread at once', 'raise')
movable('a signal finds a memory that has grown', 'grown')
movable('an instance that says it is dead gets nothing there', 'dead')
movable('what another thread raises is told where a section begins', 'boundary')
movable('what another thread clears is taken back there', 'takenBack')
movable('a soft limit is told where a section of it begins', 'limit')
movable(
  'a soft limit that passed before a section is told in it',
  'limitPassed'
)
movable('the error of a section stays what it was', 'thrown')
movable('no getter of the program runs where a section begins', 'getters')
movable('a further instance loses no signal, and both are told', 'sameMemory')
movable('memories whose instance has gone are let go', 'collected')
// WASMSIG_GROWS says how many; 500 if it is not there.
movable('grows under a storm of raises harm nothing', 'storm')

async function classes(options) {
  const { stdout, stderr } = await run('memory-classes.mjs', options)
  assert.equal(stderr, '')
  return stdout.trim()
}

const without = { skip: skip || (!inNode && 'V8 alone can be told') }

test(
  'a memory whose bounds are checked is FIXED if V8 reserves it',
  without,
  async () => {
    const flags = ['--disable-wasm-trap-handler']
    assert.equal(await classes({ flags }), '4 memories, 4 FIXED, 0 MOVABLE')
    assert.equal(await classes({}), '4 memories, 4 FIXED, 0 MOVABLE')
  }
)

// There is room for all of them: V8 does not say so.
test('it is MOVABLE where the address space is limited', without, async () => {
  const flags = ['--disable-wasm-trap-handler']
  const options = { flags, addressSpace: 60e6 }
  assert.equal(await classes(options), '4 memories, 0 FIXED, 4 MOVABLE')
})
