// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * What the addon itself returns to a caller that has not checked its arguments.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raise } from 'wasmsig'
import native from '../../hosts/js/lib/native.js'
import { instantiate, read } from './support/guests.mjs'

const [EINVAL, ENOMEM, ERANGE, EALIGN] = [-1, -2, -4, -5]
const PAGE = 65536
const own = instantiate()
const { memory } = own.exports
const track = (instance, holder, bytes, ...addresses) =>
  native.track(instance, holder, bytes, ...addresses)

test('bytes that are no buffer are refused', () => {
  for (const bytes of [undefined, null, 1, 'bytes', {}, [], memory, () => 0]) {
    assert.equal(track(own, memory, bytes, 1024, -1, -1), EINVAL)
  }
})

test('a buffer that was detached is refused', () => {
  const buffer = new ArrayBuffer(PAGE)
  structuredClone(buffer, { transfer: [buffer] })
  assert.equal(track(own, memory, buffer, 1024, -1, -1), EINVAL)
})

test('a memory of no length is refused', () => {
  const empty = new WebAssembly.Memory({ initial: 0 })
  const error = track(own, empty, empty.buffer, 0, -1, -1)
  assert.ok(error === ERANGE || error === EINVAL, `${error}`)
})

test('an instance or a memory that is no object is refused', () => {
  for (const fake of [undefined, null, 1, 'instance']) {
    assert.equal(track(fake, memory, memory.buffer, 1024, -1, -1), ENOMEM)
    assert.equal(track(own, fake, memory.buffer, 1024, -1, -1), ENOMEM)
  }
})

test('values that are no addresses count as absent', () => {
  for (const none of [
    -1,
    NaN,
    -Infinity,
    Infinity,
    1e300,
    undefined,
    '1',
    {}
  ]) {
    assert.equal(track(own, memory, memory.buffer, none, none, none), EINVAL)
  }
})

test('a word may end where the memory ends, but not later', () => {
  const bytes = memory.buffer
  assert.ok(track(own, memory, bytes, PAGE - 4, -1, -1) >= 0)
  assert.equal(track(own, memory, bytes, PAGE, -1, -1), ERANGE)
  assert.equal(track(own, memory, bytes, PAGE - 2, -1, -1), ERANGE)
  assert.equal(track(own, memory, bytes, PAGE - 6, -1, -1), EALIGN)
  assert.equal(track(own, memory, bytes, 2 ** 32 - 4, -1, -1), ERANGE)
})

test('refused instances receive no signal', () => {
  assert.equal(raise('SIGINT', own), 0)
  assert.equal(read(own, 'signal'), 0xffff)
})
