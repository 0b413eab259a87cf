// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Memories that may move: a raised signal waits for a call boundary, and is
 * written where the memory is then. V8 has such memories where the address
 * space is too small for its reservations (here a flag permits that).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './support/child.mjs'
import { ofAddressSpace } from './support/sanitizer.mjs'

const inNode = process.versions.bun === undefined
const flags = inNode ? ['--expose-gc', '--disable-wasm-trap-handler'] : []
// KiB: too little for reservations of memories, enough for a thread.
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

movable(
  'a memory that may move is signalled by its own thread at once',
  'raise'
)
movable('a signal reaches a memory that has grown', 'grown')
movable('a terminated instance receives nothing there', 'dead')
movable(
  'a signal of another thread is delivered where a section begins',
  'boundary'
)
movable('a signal that another thread clears is taken back there', 'takenBack')
movable('a soft limit signals where a section of it begins', 'limit')
movable(
  'a soft limit that has passed before a section signals in it',
  'limitPassed'
)
movable('the error of a section is unchanged', 'thrown')
movable('no getter of the program runs where a section begins', 'getters')
movable(
  'a further instance loses no signal, and both are signalled',
  'sameMemory'
)
movable('memories of collected instances are released', 'collected')
// WASMSIG_GROWS is their number; 500 if it is not set.
movable('growth during a storm of raises corrupts nothing', 'storm')

async function classes(options) {
  const { stdout, stderr } = await run('memory-classes.mjs', options)
  assert.equal(stderr, '')
  return stdout.trim()
}

const without = { skip: skip || (!inNode && 'only V8 has such a flag') }

test(
  'a memory whose bounds are checked is FIXED if V8 reserves it',
  without,
  async () => {
    const flags = ['--disable-wasm-trap-handler']
    assert.equal(await classes({ flags }), '4 memories, 4 FIXED, 0 MOVABLE')
    assert.equal(await classes({}), '4 memories, 4 FIXED, 0 MOVABLE')
  }
)

// There is room for all of them, but V8 does not show that.
test('it is MOVABLE where the address space is limited', without, async () => {
  const flags = ['--disable-wasm-trap-handler']
  const options = { flags, addressSpace: 60e6 }
  assert.equal(await classes(options), '4 memories, 0 FIXED, 4 MOVABLE')
})
