// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Code that takes a signal by a load and then a store loses no signal. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { raise, track } from 'wasmsig'

describe('interruptBuffer', () => {
  const word = new Int32Array(new SharedArrayBuffer(16), 4, 1)
  let tracking, buffer

  beforeEach(() => {
    tracking = track({ signal: word })
    buffer = tracking.interruptBuffer
  })
  afterEach(() => {
    word[0] = 0
    tracking.untrack()
  })

  test('a read returns the signal, and a store of 0 takes it', () => {
    assert.equal(buffer[0], 0)
    raise('SIGXCPU')
    assert.equal(buffer[0], 24)
    assert.equal(word[0], 24)
    buffer[0] = 0
    assert.equal(word[0], 0)
  })

  test('the store does not take a signal that arrives after the load', () => {
    assert.equal(buffer[0], 0)
    raise('SIGINT')
    buffer[0] = 0
    assert.equal(buffer[0], 2)
  })

  test('nor one that replaces the signal that was read', () => {
    raise('SIGINT')
    assert.equal(buffer[0], 2)
    raise('SIGXCPU')
    buffer[0] = 0
    assert.equal(buffer[0], 24)
    buffer[0] = 0
    assert.equal(buffer[0], 0)
  })

  test('a second store takes nothing', () => {
    raise('SIGINT')
    assert.equal(buffer[0], 2)
    buffer[0] = 0
    raise('SIGINT')
    buffer[0] = 0
    assert.equal(word[0], 2)
  })

  test("a store of a signal's number raises it", () => {
    buffer[0] = 2
    assert.equal(word[0], 2)
    assert.equal(buffer[0], 2)
  })

  test('a value that is no signal cannot be stored, and takes none', () => {
    raise('SIGINT')
    assert.equal(buffer[0], 2)
    for (const value of [65, -1, 0.5, NaN, false, '0', null]) {
      assert.throws(() => (buffer[0] = value), { code: /^ERR_WASMSIG_/ })
      assert.equal(word[0], 2)
    }
  })

  test('interruptBuffer cannot be replaced', () => {
    assert.throws(() => (tracking.interruptBuffer = [0]), TypeError)
    assert.equal(tracking.interruptBuffer, buffer)
  })

  test('a value that is no signal reads as 0, and stays', () => {
    for (const value of [0xffff, -1, 65]) {
      word[0] = value
      assert.equal(buffer[0], 0)
      buffer[0] = 0
      assert.equal(word[0], value)
    }
  })

  test('it still works when the word is untracked', () => {
    raise('SIGINT')
    tracking.untrack()
    assert.equal(buffer[0], 2)
    buffer[0] = 0
    assert.equal(word[0], 0)
  })

  test('it is absent without a signal word', () => {
    const terminated = new Int32Array(new SharedArrayBuffer(4))
    const other = track({ terminated })
    assert.equal('interruptBuffer' in other, false)
    other.untrack()
  })
})
