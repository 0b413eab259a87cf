// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * What a guest does with its words, whatever language it is written in. Its
 * exports are those of crates/loop; the tests are its host.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { UNHOSTED, UNKNOWN, bit, host, raise, start } from './guest.mjs'

const INT = 2
const KILL = 9
const TERM = 15
const XCPU = 24
const WINCH = 28

const WORDS = [
  '__instance_signal',
  '__instance_signal_pending',
  '__instance_terminated',
  '__instance_signal_handled'
]

const EIGHT_BYTES = /_(pending|handled)$/

/** @param {WebAssembly.Module} module */
export function promises(module, imports) {
  const fresh = () => start(module, imports)
  const hosted = (knowledge) => host(fresh(), knowledge)

  test('exports four words: immutable, aligned, as no host left them', () => {
    const guest = fresh()
    for (const name of WORDS) {
      const address = guest.exports[name]
      assert.throws(() => (address.value = 0), TypeError)
      assert.equal(address.value % (EIGHT_BYTES.test(name) ? 8 : 4), 0)
    }
    assert.equal(guest.word(), UNHOSTED)
    assert.equal(guest.set(), UNKNOWN)
    const { memory, __instance_terminated: address } = guest.exports
    assert.equal(new Uint32Array(memory.buffer, address.value, 1)[0], 0)
  })

  test('the handled set contains signals with a handler and wanted signals', () => {
    const { exports, handled } = hosted()
    assert.equal(handled(), 0n)
    exports.listen(TERM)
    exports.listen(KILL)
    assert.equal(handled(), bit(TERM))
    assert.equal(exports.want(bit(INT) | bit(TERM) | bit(KILL)), 0n)
    assert.equal(handled(), bit(INT) | bit(TERM))
    exports.stop_listening(TERM)
    assert.equal(handled(), bit(INT) | bit(TERM))
    assert.equal(exports.want(bit(WINCH)), bit(INT) | bit(TERM))
    assert.equal(handled(), bit(WINCH))
  })

  test('without a host polls say none', () => {
    const { exports, word } = fresh()
    assert.equal(exports.hosted(), 0)
    assert.equal(exports.count(1000), 1000)
    assert.equal(word(), 0, 'later polls cost their load')
    assert.equal(exports.take_pending(), 0n)
    assert.equal(exports.hosted(), 0)
  })

  for (const knowsSet of [true, false])
    test(`a signal ends a loop, the set ${knowsSet ? 'known' : 'unknown'}`, () => {
      const guest = hosted({ knowsSet })
      assert.equal(guest.exports.hosted(), 1)
      if (knowsSet) raise(guest, XCPU)
      else guest.setWord(XCPU)
      assert.equal(guest.exports.count(1000), 1)
      assert.equal(guest.word(), 0)
      assert.equal(guest.set(), knowsSet ? 0n : UNKNOWN)
      assert.equal(guest.exports.poll_once(), 0)
    })

  test('all handlers run, and the newest signal is returned', () => {
    const guest = hosted()
    const { exports } = guest
    assert.equal(exports.listen(TERM), 0)
    assert.equal(exports.listen(INT), 0)
    raise(guest, TERM)
    raise(guest, INT)
    assert.equal(exports.poll_once(), INT)
    assert.equal(exports.heard(), 2)
    assert.equal(exports.last(), TERM)
  })

  test('the newest is returned, whether it has the highest number or not', () => {
    const guest = hosted()
    for (const signals of [
      [TERM, INT, XCPU],
      [INT, XCPU, TERM],
      [XCPU, TERM, INT]
    ]) {
      for (const signal of signals) raise(guest, signal)
      assert.equal(guest.exports.poll_once(), signals.at(-1))
      guest.exports.take_pending()
    }
  })

  test('the next polls return the others, each once', () => {
    const guest = hosted()
    for (const signal of [XCPU, TERM, INT, WINCH]) raise(guest, signal)
    assert.equal(guest.exports.poll_once(), WINCH)
    assert.equal(guest.set(), bit(XCPU) | bit(TERM) | bit(INT))
    for (const signal of [INT, TERM, XCPU, 0])
      assert.equal(guest.exports.poll_once(), signal)
    assert.equal(guest.set(), 0n)
  })

  test('a signal that a poll passed over comes before newer ones', () => {
    const guest = hosted()
    for (const signal of [XCPU, TERM, WINCH]) raise(guest, signal)
    assert.equal(guest.exports.poll_once(), WINCH)
    raise(guest, INT)
    for (const signal of [TERM, XCPU, INT, 0])
      assert.equal(guest.exports.poll_once(), signal)
  })

  test('a signal that comes between any two polls hides no other', () => {
    const guest = hosted()
    const answers = new Set()
    for (let signal = 32; signal < 64; signal++) raise(guest, signal)
    for (let polls = 0; polls < 64; polls++) {
      raise(guest, INT)
      answers.add(guest.exports.poll_once())
    }
    for (let signal = 32; signal < 64; signal++) assert.ok(answers.has(signal))
  })

  test('a handled signal is not returned once more', () => {
    const guest = hosted()
    guest.exports.listen(INT)
    for (const signal of [INT, XCPU, TERM]) raise(guest, signal)
    for (const signal of [TERM, XCPU, 0])
      assert.equal(guest.exports.poll_once(), signal)
    assert.equal(guest.exports.heard(), 1)
  })

  test('of a host that knows no set nothing is put back', () => {
    const guest = hosted({ knowsSet: false })
    guest.setWord(XCPU)
    guest.setWord(INT)
    assert.equal(guest.exports.poll_once(), INT)
    assert.equal(guest.word(), 0)
    assert.equal(guest.set(), UNKNOWN)
  })

  test('a host is known while signals wait that it did not raise last', () => {
    const guest = fresh()
    guest.exports.poll_once()
    host(guest)
    for (const signal of [XCPU, TERM, INT]) raise(guest, signal)
    for (const signal of [INT, TERM, XCPU, 0]) {
      assert.equal(guest.exports.poll_once(), signal)
      assert.equal(guest.exports.hosted(), 1)
    }
  })

  test('a word whose bit was taken is no second signal', () => {
    const guest = hosted()
    guest.exports.listen(INT)
    guest.setWord(INT)
    assert.equal(guest.exports.poll_once(), 0)
    assert.equal(guest.exports.heard(), 0)
    assert.equal(guest.word(), 0)
  })

  test('a bit whose word is not there yet comes with another word', () => {
    const guest = hosted()
    guest.setSet(bit(TERM))
    guest.setWord(INT)
    assert.equal(guest.exports.poll_once(), TERM)
    assert.equal(guest.set(), 0n)
  })

  test('a handler stays until it is removed', () => {
    const guest = hosted()
    const { exports } = guest
    exports.listen(INT)
    assert.equal(exports.listen(INT), 1)
    assert.equal(exports.stop_listening(INT), 1)
    raise(guest, INT)
    assert.equal(exports.poll_once(), INT)
    assert.equal(exports.heard(), 0)
  })

  test('the pending set is taken without handlers', () => {
    const guest = hosted()
    guest.exports.listen(INT)
    raise(guest, INT)
    raise(guest, 64)
    assert.equal(
      BigInt.asUintN(64, guest.exports.take_pending()),
      bit(INT) | bit(64)
    )
    assert.equal(guest.exports.heard(), 0)
    assert.equal(guest.word(), 0)
  })

  test('SIGKILL in the word traps', () => {
    for (const knowsSet of [true, false]) {
      const guest = hosted({ knowsSet })
      guest.setWord(KILL)
      const message = /unreachable/
      assert.throws(guest.exports.poll_once, { name: 'RuntimeError', message })
    }
  })

  test('SIGKILL in the set traps, whatever came after it', () => {
    for (const taken of ['poll_once', 'take_pending']) {
      const guest = hosted()
      raise(guest, KILL)
      raise(guest, INT)
      assert.throws(guest.exports[taken], WebAssembly.RuntimeError)
    }
  })

  test('numbers that are no signals are ignored', () => {
    const guest = hosted({ knowsSet: false })
    for (const number of [65, 0x109, 0xfffe, 0xffffffff]) {
      guest.setWord(number)
      assert.equal(guest.exports.poll_once(), 0)
      assert.equal(guest.word(), 0)
    }
  })

  test('a handler may poll', () => {
    const guest = hosted()
    guest.exports.listen_and_poll(INT)
    raise(guest, INT)
    assert.equal(guest.exports.poll_once(), INT)
    assert.equal(guest.exports.heard(), 1)
  })

  test('after a handler that panicked the instance still receives signals', () => {
    const guest = hosted()
    guest.exports.listen_and_panic(INT)
    raise(guest, TERM)
    raise(guest, INT)
    assert.throws(guest.exports.poll_once, WebAssembly.RuntimeError)
    assert.equal(
      guest.exports.poll_once(),
      TERM,
      'it has no handler, and waits'
    )
    raise(guest, XCPU)
    assert.equal(guest.exports.poll_once(), XCPU)
  })
}
