// SPDX-License-Identifier: Apache-2.0 OR MIT
// guest.h by its contract: the test writes the words as a host does.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { BUILT, CLANG, FREESTANDING, compile } from '../support/compilers.mjs'

const here = dirname(fileURLToPath(import.meta.url))

const SIGHUP = 1
const SIGINT = 2
const SIGKILL = 9
const SIGTERM = 15
const SIGXCPU = 24
const SIGWINCH = 28
const UNHOSTED = 0xffff
const NO_SET = 2n ** 64n - 1n
const bit = (signal) => 1n << BigInt(signal - 1)

function build(name, ...sources) {
  const target = join(BUILT, `${name}.wasm`)
  compile(CLANG, 'c', [
    ...['-std=c11', '-O2', ...FREESTANDING, '-o', target],
    ...sources.map((source) => join(here, source))
  ])
  return new WebAssembly.Module(readFileSync(target))
}

const SEMANTICS = build('semantics', 'semantics.c')

/** An instance, and what a host may do to its words. */
function guest(module = SEMANTICS) {
  const heard = []
  const self = { heard, inHandler: () => {} }
  const host = {
    heard: (signal) => {
      heard.push(signal)
      self.inHandler(signal)
    }
  }
  const { exports } = new WebAssembly.Instance(module, { host })
  const view = new DataView(exports.memory.buffer)
  const at = (name) => exports[name].value
  const word = at('__instance_signal')
  const set = at('__instance_signal_pending')
  const is64 = (offset) => view.getBigUint64(offset, true)
  return Object.assign(self, {
    ...exports,
    word: () => view.getUint32(word, true),
    set: () => is64(set),
    handled: () => is64(at('__instance_signal_handled')),
    pending: () => BigInt.asUintN(64, exports.pending()),
    storeWord: (value) => view.setUint32(word, value, true),
    storeSet: (value) => view.setBigUint64(set, value, true),
    orSet(signal) {
      this.storeSet(this.set() | bit(signal))
    },
    raise(signal) {
      this.orSet(signal)
      this.storeWord(signal)
    },
    hostWithoutSet() {
      this.storeWord(0)
      return this
    },
    host() {
      this.storeWord(0)
      this.storeSet(0n)
      return this
    }
  })
}

const hosted = () => guest().host()

test('the words start as the protocol says', () => {
  const it = guest()
  assert.equal(it.word(), UNHOSTED)
  assert.equal(it.set(), NO_SET)
  assert.equal(it.__instance_signal_pending.value % 8, 0)
})

test('the handled set contains signals with a handler and wanted signals', () => {
  const it = hosted()
  assert.equal(it.__instance_signal_handled.value % 8, 0)
  assert.equal(it.handled(), 0n)
  it.on(SIGINT, 1)
  it.on(SIGHUP, 3)
  it.on(SIGKILL, 1)
  assert.equal(it.handled(), bit(SIGINT) | bit(SIGHUP))
  assert.equal(it.want(bit(SIGTERM) | bit(SIGINT) | bit(SIGKILL)), 0n)
  assert.equal(it.handled(), bit(SIGINT) | bit(SIGHUP) | bit(SIGTERM))
  it.on(SIGINT, 0)
  it.on(SIGHUP, 0)
  assert.equal(it.handled(), bit(SIGINT) | bit(SIGTERM))
  assert.equal(it.want(bit(64)), bit(SIGINT) | bit(SIGTERM))
  assert.equal(it.handled(), bit(64))
})

test('a poll of what comes is no handling', () => {
  const it = hosted()
  it.raise(SIGTERM)
  assert.equal(it.poll(), SIGTERM)
  assert.equal(it.handled(), 0n)
})

test('in a host that knows nothing of signals a poll gives 0', () => {
  const it = guest()
  it.on(SIGINT, 1)
  assert.equal(it.is_hosted(), 0)
  assert.equal(it.poll(), 0)
  assert.equal(it.pending(), 0n)
  assert.equal(it.poll(), 0)
  assert.equal(it.is_hosted(), 0)
  assert.deepEqual(it.heard, [])
})

test('after the first poll such a host costs the load only', () => {
  const it = guest()
  it.poll()
  assert.equal(it.word(), 0)
})

test('a host is known by the word that it zeroed', () => {
  assert.equal(hosted().is_hosted(), 1)
  const it = guest()
  it.storeWord(0)
  assert.equal(it.is_hosted(), 1)
})

test('a poll before the host had its turn does not hide it', () => {
  const it = guest()
  it.poll()
  it.host()
  assert.equal(it.is_hosted(), 1)
})

test('nor does it hide one that knows the signal word alone', () => {
  const it = guest()
  it.poll()
  it.storeWord(0)
  assert.equal(it.is_hosted(), 0, 'not to be told from no host')
  it.storeWord(SIGINT)
  assert.equal(it.is_hosted(), 1, 'it has raised a signal')
  assert.equal(it.poll(), SIGINT)
  assert.equal(it.is_hosted(), 1)
})

test('poll returns the newest signal once, and acknowledges it', () => {
  const it = hosted()
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
  assert.equal(it.word(), 0)
  assert.equal(it.set(), 0n)
  assert.equal(it.poll(), 0)
})

test('of several, poll returns the newest, and the next polls return the others', () => {
  const it = hosted()
  for (const signal of [SIGXCPU, SIGHUP, SIGINT]) it.raise(signal)
  assert.equal(it.poll(), SIGINT)
  assert.equal(it.set(), bit(SIGXCPU) | bit(SIGHUP))
  assert.equal(it.word(), SIGHUP)
  assert.equal(it.poll(), SIGHUP)
  assert.equal(it.poll(), SIGXCPU)
  assert.equal(it.set(), 0n)
  assert.equal(it.poll(), 0)
})

test('a signal that a poll passed over is returned before later ones', () => {
  const it = hosted()
  for (const signal of [SIGXCPU, 40, SIGWINCH]) it.raise(signal)
  assert.equal(it.poll(), SIGWINCH)
  it.raise(SIGINT)
  for (const told of [SIGXCPU, 40, SIGINT, 0]) assert.equal(it.poll(), told)
})

test('a signal that comes between any two polls hides no other', () => {
  const it = hosted()
  for (let signal = 32; signal < 64; signal++) it.raise(signal)
  const told = new Set()
  for (let polls = 0; polls < 64; polls++) {
    it.raise(SIGHUP)
    told.add(it.poll())
  }
  for (let signal = 32; signal < 64; signal++) assert.ok(told.has(signal))
})

test('a signal that was passed over and then taken by pending is forgotten', () => {
  const it = hosted()
  it.raise(SIGXCPU)
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
  assert.equal(it.pending(), bit(SIGXCPU))
  it.raise(SIGXCPU)
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
})

test('a handled or ignored signal is not returned again', () => {
  const it = hosted()
  it.on(SIGHUP, 1)
  it.on(SIGWINCH, 3)
  for (const signal of [SIGHUP, SIGWINCH, SIGXCPU, SIGINT]) it.raise(signal)
  assert.equal(it.poll(), SIGINT)
  assert.deepEqual(it.heard, [SIGHUP])
  assert.equal(it.poll(), SIGXCPU)
  assert.equal(it.poll(), 0)
  assert.deepEqual(it.heard, [SIGHUP])
})

test('a poll in a handler returns the unhandled signal that came with it', () => {
  const it = hosted()
  const told = []
  it.on(SIGHUP, 1)
  it.inHandler = () => told.push(it.poll(), it.poll(), it.poll())
  for (const signal of [SIGHUP, SIGXCPU, SIGINT]) it.raise(signal)
  assert.equal(it.poll(), 0)
  assert.deepEqual(told, [SIGXCPU, SIGINT, 0])
  assert.equal(it.poll(), 0)
})

test('of a host without the set, nothing is put back', () => {
  const it = guest().hostWithoutSet()
  it.storeWord(SIGXCPU)
  it.storeWord(SIGINT)
  assert.equal(it.poll(), SIGINT)
  assert.equal(it.word(), 0)
  assert.equal(it.set(), NO_SET)
})

test('a host is known while signals wait that it did not raise last', () => {
  const it = guest()
  it.poll()
  it.host()
  for (const signal of [SIGXCPU, SIGHUP, SIGINT]) it.raise(signal)
  for (const told of [SIGINT, SIGHUP, SIGXCPU, 0]) {
    assert.equal(it.poll(), told)
    assert.equal(it.is_hosted(), 1)
  }
})

test('a word that is late does not hide what waits', () => {
  const it = hosted()
  it.orSet(SIGXCPU)
  it.storeWord(SIGINT)
  assert.equal(it.poll(), SIGXCPU)
})

test('pending takes all of them', () => {
  const it = hosted()
  for (const signal of [SIGXCPU, SIGHUP, 64]) it.raise(signal)
  assert.equal(it.pending(), bit(SIGXCPU) | bit(SIGHUP) | bit(64))
  assert.equal(it.word(), 0)
  assert.equal(it.poll(), 0)
})

test('of a host without the set, pending is the newest', () => {
  const it = guest()
  it.storeWord(0)
  it.storeWord(SIGINT)
  assert.equal(it.pending(), bit(SIGINT))
  assert.equal(it.pending(), 0n)
  assert.equal(it.set(), NO_SET)
})

test('a word that comes after its signal was taken is no second one', () => {
  const it = hosted()
  it.on(SIGINT, 1)
  it.orSet(SIGINT) // the host is between its two stores
  assert.equal(it.pending(), bit(SIGINT))
  it.storeWord(SIGINT)
  assert.equal(it.poll(), 0)
  assert.deepEqual(it.heard, [])
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
  assert.deepEqual(it.heard, [SIGINT])
})

test('handlers of all that wait run, lowest first', () => {
  const it = hosted()
  for (const signal of [SIGXCPU, SIGINT, SIGHUP]) it.on(signal, 1)
  for (const signal of [SIGINT, SIGXCPU, SIGHUP]) it.raise(signal)
  assert.equal(it.poll(), SIGHUP)
  assert.deepEqual(it.heard, [SIGHUP, SIGINT, SIGXCPU])
  assert.equal(it.pending(), 0n)
})

test('pending runs no handler', () => {
  const it = hosted()
  it.on(SIGINT, 1)
  it.raise(SIGINT)
  assert.equal(it.pending(), bit(SIGINT))
  assert.deepEqual(it.heard, [])
})

test('on returns the previous handler', () => {
  const it = hosted()
  assert.equal(it.on(SIGINT, 1), 0)
  assert.equal(it.on(SIGINT, 3), 1)
  assert.equal(it.on(SIGINT, 0), 3)
  assert.equal(it.on(SIGINT, 0), 0)
})

test('an ignored signal is acknowledged, and runs nothing', () => {
  const it = hosted()
  it.on(SIGINT, 3)
  it.raise(SIGINT)
  it.raise(SIGXCPU)
  assert.equal(it.poll(), SIGXCPU)
  assert.equal(it.pending(), 0n)
  assert.deepEqual(it.heard, [])
})

test('a handler that was taken away does not run', () => {
  const it = hosted()
  it.on(SIGINT, 1)
  it.on(SIGINT, 0)
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
  assert.deepEqual(it.heard, [])
})

test('numbers outside 1..64 are refused, and SIGKILL has no handler', () => {
  const it = hosted()
  for (const signal of [0, -1, 65, 2 ** 31 - 1, SIGKILL]) {
    assert.equal(it.on(signal, 1), 0)
    assert.equal(it.on(signal, 0), 0, 'left alone')
  }
  assert.equal(it.on(64, 1), 0)
  assert.equal(it.on(64, 0), 1)
})

// With and without the pending set.
const WAYS = [hosted, () => guest().hostWithoutSet()]

test('a word outside 1..64 is no signal', () => {
  for (const value of [65, 72, 0x1_0000, 2 ** 32 - 1]) {
    for (const way of WAYS) {
      const it = way()
      it.on(SIGHUP, 1)
      it.storeWord(value)
      assert.equal(it.poll(), 0)
      assert.equal(it.pending(), 0n)
      assert.equal(it.word(), 0)
      assert.deepEqual(it.heard, [])
    }
  }
})

test('SIGKILL in the word traps', () => {
  for (const call of ['poll', 'pending']) {
    for (const way of WAYS) {
      const it = way()
      it.storeWord(SIGKILL)
      assert.throws(() => it[call](), WebAssembly.RuntimeError)
    }
  }
})

test('SIGKILL that a later signal hides traps too', () => {
  const it = hosted()
  it.raise(SIGKILL)
  it.raise(SIGINT)
  assert.throws(() => it.poll(), WebAssembly.RuntimeError)
})

test('a handler may raise its own signal: it is for the next poll', () => {
  const it = hosted()
  it.on(SIGINT, 1)
  it.inHandler = () => it.heard.length < 2 && it.raise(SIGINT)
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
  assert.deepEqual(it.heard, [SIGINT])
  assert.equal(it.poll(), SIGINT)
  assert.deepEqual(it.heard, [SIGINT, SIGINT])
})

test('a handler may poll, and receives signals that came meanwhile', () => {
  const it = hosted()
  it.on(SIGINT, 2)
  it.on(SIGXCPU, 1)
  it.inHandler = (signal) => signal === SIGINT && it.raise(SIGXCPU)
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
  assert.deepEqual(it.heard, [SIGINT, SIGXCPU])
})

test('a handler that throws through the guest leaves it usable', () => {
  const it = hosted()
  it.on(SIGINT, 1)
  it.inHandler = () => {
    throw new Error('thrown in a handler')
  }
  it.raise(SIGXCPU)
  it.raise(SIGINT)
  assert.throws(() => it.poll(), /thrown in a handler/)
  assert.equal(it.poll(), SIGXCPU, 'it has no handler, and waits')
  it.inHandler = () => {}
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
})

test('what came with a signal whose handler throws is heard by the next polls', () => {
  const it = hosted()
  for (const signal of [SIGHUP, SIGINT, SIGTERM]) it.on(signal, 1)
  it.inHandler = (signal) => {
    if (signal === SIGHUP) throw new Error('thrown in a handler')
  }
  for (const signal of [SIGHUP, SIGINT, SIGTERM, SIGXCPU]) it.raise(signal)
  assert.throws(() => it.poll(), /thrown in a handler/)
  assert.deepEqual(it.heard, [SIGHUP])
  const told = [it.poll(), it.poll()]
  assert.deepEqual(it.heard, [SIGHUP, SIGINT, SIGTERM])
  assert.ok(told.includes(SIGXCPU), told)
  assert.equal(it.poll(), 0)
})

test('a poll in a handler does the rest of the work, and it is done once', () => {
  const it = hosted()
  it.on(SIGINT, 2)
  it.on(SIGTERM, 2)
  for (const signal of [SIGINT, SIGTERM, SIGXCPU]) it.raise(signal)
  assert.equal(it.poll(), 0, 'the poll inside has told')
  assert.deepEqual(it.heard, [SIGINT, SIGTERM])
  assert.equal(it.poll(), 0)
  assert.equal(it.set(), 0n)
})

test('a handler that uses up the stack is a trap, and no more', () => {
  const it = hosted()
  it.on(SIGINT, 2)
  it.inHandler = () => it.raise(SIGINT)
  it.raise(SIGINT)
  assert.throws(() => it.poll(), RangeError)
  assert.ok(it.heard.length > 10)
  it.host()
  it.inHandler = () => {}
  it.raise(SIGINT)
  assert.equal(it.poll(), SIGINT)
})

for (const language of ['c', 'c++'])
  for (const lto of [[], ['-flto']])
    test(`all files share the handlers, ${[language, ...lto].join(' ')}`, () => {
      const target = join(BUILT, 'elsewhere.wasm')
      compile(CLANG, 'c', [
        ...['-O2', ...lto, ...FREESTANDING, '-o', target],
        ...['-x', language, join(here, 'elsewhere.c')],
        ...['-x', 'c', join(here, 'semantics.c')]
      ])
      const it = guest(new WebAssembly.Module(readFileSync(target))).host()
      it.on(SIGINT, 1)
      it.raise(SIGXCPU)
      it.raise(SIGINT)
      assert.equal(it.poll_elsewhere(), SIGINT)
      assert.deepEqual(it.heard, [SIGINT])
      assert.equal(it.poll(), SIGXCPU)
    })

test('two libraries with the words do not link, and the linker says why', () => {
  assert.throws(
    () => build('twice', 'semantics.c', 'twice.c'),
    (error) => {
      const duplicates = error.stderr.match(/duplicate symbol: \w+/g)
      assert.deepEqual(duplicates, [
        'duplicate symbol: ' +
          'wasmsig_guest_words_stand_twice__define_them_in_one_place_only'
      ])
      return true
    }
  )
})

test('no words at all do not link either', () => {
  assert.throws(
    () => build('none', 'without_words.c'),
    /undefined symbol: (__instance_signal|wasmsig_guest)/
  )
})

test('words of somebody else in the module win', () => {
  for (const sources of [
    ['semantics.c', 'strong.c'],
    ['strong.c', 'semantics.c']
  ]) {
    const it = guest(build('strong', ...sources))
    assert.equal(it.theirs(), it.__instance_signal.value)
    it.host()
    it.raise(SIGINT)
    assert.equal(it.poll(), SIGINT)
  }
})
