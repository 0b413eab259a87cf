// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Words that no module exports receive signals like those of an instance. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import vm from 'node:vm'
import { CpuBudget, clear, raise, stats, track } from 'wasmsig'
import { RANGE, TYPE, refused } from './support/refusal.mjs'
import { run } from './support/child.mjs'
import { spend } from './support/work.mjs'

/** Whether ordinary buffers are accepted: types/index.d.ts, track. */
const takesBuffers = Number.parseInt(process.versions.v8, 10) >= 13
const DETACHABLE = { name: 'TypeError', code: 'ERR_WASMSIG_DETACHABLE' }

const words = (count = 4) => new Int32Array(new SharedArrayBuffer(4 * count))
const sum = ({ FIXED, SHARED }) => FIXED + SHARED

describe('track', () => {
  test('a tracked word is set to 0, and receives a raise and a clear', () => {
    const signal = words(1).fill(7)
    const tracking = track({ signal })
    assert.equal(signal[0], 0)
    assert.equal(raise('SIGINT'), 1)
    assert.equal(signal[0], 2)
    assert.equal(raise('SIGXCPU', 'process'), 1)
    assert.equal(signal[0], 24)
    assert.equal(clear(), 1)
    assert.equal(signal[0], 0)
    tracking.untrack()
  })

  test('it counts as an instance while it is tracked', () => {
    const before = stats().tracked
    const tracking = track({ signal: words() })
    assert.deepEqual(stats().tracked, { ...before, SHARED: before.SHARED + 1 })
    tracking.untrack()
    assert.deepEqual(stats().tracked, before)
  })

  test('after untrack nothing is written, and a second call does nothing', () => {
    const signal = words()
    const tracking = track({ signal })
    tracking.untrack()
    assert.equal(raise('SIGINT'), 0)
    const again = track({ signal })
    tracking.untrack()
    assert.equal(raise('SIGINT'), 1)
    assert.equal(signal[0], 2)
    again.untrack()
  })

  test('Symbol.dispose is untrack', { skip: !Symbol.dispose }, () => {
    track({ signal: words() })[Symbol.dispose]()
    assert.equal(raise('SIGINT'), 0)
  })

  test('the signal is little-endian in the first four bytes of any array', () => {
    for (const Type of [
      Int8Array,
      Uint8ClampedArray,
      Int16Array,
      BigUint64Array,
      Uint16Array
    ]) {
      const buffer = new SharedArrayBuffer(32)
      const tracking = track({
        signal: new Type(buffer, 16, 8 / Type.BYTES_PER_ELEMENT)
      })
      raise('SIGXCPU')
      const bytes = [...new Uint8Array(buffer)]
      assert.deepEqual(
        bytes,
        bytes.map((_, at) => (at === 16 ? 24 : 0))
      )
      tracking.untrack()
    }
  })

  test('a terminated one receives nothing', () => {
    const signal = words()
    const terminated = signal.subarray(2)
    const tracking = track({ signal, terminated })
    assert.equal(raise('SIGINT'), 1)
    terminated[0] = 1
    assert.equal(raise('SIGTERM'), 0)
    assert.equal(signal[0], 2)
    tracking.untrack()
  })

  test('the terminated word is not changed', () => {
    const terminated = words().fill(1)
    const tracking = track({ terminated })
    assert.equal(terminated[0], 1)
    assert.equal(raise('SIGINT'), 0)
    tracking.untrack()
  })

  test('a soft limit without instances reaches it', () => {
    const signal = words()
    const tracking = track({ signal })
    const received = new CpuBudget({ soft: 1 }).run(() => {
      spend(5)
      return signal[0]
    })
    assert.equal(received, 24)
    tracking.untrack()
  })

  test('a soft limit of no instances does not reach it', () => {
    const signal = words()
    const tracking = track({ signal })
    new CpuBudget({ soft: 1, instances: [] }).run(() => spend(5))
    assert.equal(signal[0], 0)
    tracking.untrack()
  })

  test('several words in one buffer are tracked separately', () => {
    const all = words(8)
    const trackings = [0, 1, 2, 3].map((at) =>
      track({ signal: all.subarray(at) })
    )
    trackings[1].untrack()
    assert.equal(raise('SIGINT'), 3)
    assert.deepEqual([...all], [2, 0, 2, 2, 0, 0, 0, 0])
    for (const tracking of trackings) tracking.untrack()
    assert.equal(raise('SIGINT'), 0)
  })

  test('a word in a shared memory of WebAssembly is accepted', () => {
    const memory = new WebAssembly.Memory({
      initial: 1,
      maximum: 4,
      shared: true
    })
    const signal = new Int32Array(memory.buffer, 64)
    const tracking = track({ signal })
    memory.grow(3)
    assert.equal(raise('SIGINT'), 1)
    assert.equal(new Int32Array(memory.buffer)[16], 2)
    tracking.untrack()
  })

  test('an array of another realm is accepted', () => {
    const signal = vm.runInNewContext(
      'new Int32Array(new SharedArrayBuffer(4))'
    )
    const tracking = track({ signal })
    assert.equal(raise('SIGINT'), 1)
    assert.equal(signal[0], 2)
    tracking.untrack()
  })

  test('a tracked buffer is not collected', async () => {
    const { status, stdout } = await run('track-collect.mjs', {
      flags: ['--expose-gc']
    })
    assert.equal(stdout, 'reached 100, held 100\nreached 0\n')
    assert.equal(status, 0)
  })

  test('the end of a worker ends the tracking of its words', async () => {
    const { status, stdout } = await run('track-worker.mjs')
    assert.equal(stdout, 'in the worker 2\nafter it 0 0\n')
    assert.equal(status, 0)
  })
})

describe('track refuses', () => {
  const before = sum(stats().tracked)
  const bad = (name, make, codes, names) =>
    test(name, () => {
      refused(() => track(make()), codes, names)
      assert.equal(sum(stats().tracked), before)
      assert.equal(raise('SIGINT'), 0)
    })

  bad('nothing', () => undefined, TYPE, /words/)
  bad('null', () => null, TYPE, /words/)
  bad('no words', () => ({}), TYPE, /signal/)
  bad('an array itself', () => words(), TYPE, /signal/)
  bad('a number', () => ({ signal: 5 }), TYPE, /words.signal/)
  bad('null as a word', () => ({ signal: null }), TYPE, /words.signal/)
  const buffer = new SharedArrayBuffer(8)
  bad('a buffer', () => ({ signal: buffer }), TYPE, /words.signal/)
  bad('a view', () => ({ signal: new DataView(buffer) }), TYPE, /words.signal/)
  bad('floats', () => ({ signal: new Float32Array(2) }), TYPE, /integers/)
  bad(
    'a bad terminated word beside a good one',
    () => ({ signal: words(), terminated: 'word' }),
    TYPE,
    /words.terminated/
  )
  bad(
    'three bytes',
    () => ({ signal: new Uint8Array(buffer, 0, 3) }),
    RANGE,
    /4 bytes/
  )
  bad(
    'an address that 4 does not divide',
    () => ({ signal: new Uint8Array(buffer, 2) }),
    RANGE,
    /multiple of 4/
  )
  bad(
    'words in two buffers',
    () => ({ signal: words(), terminated: words() }),
    RANGE,
    /same buffer/
  )

  const OVERLAP = { name: 'Error', code: 'ERR_WASMSIG_OVERLAP' }
  test('one word for both', () => {
    const word = words()
    assert.throws(() => track({ signal: word, terminated: word }), OVERLAP)
    assert.equal(sum(stats().tracked), before)
  })

  test('a word that is tracked already, as either word', () => {
    const all = words()
    const other = new Uint8Array(structuredClone(all.buffer)) // the same bytes
    const tracking = track({ signal: all, terminated: all.subarray(1) })
    raise('SIGINT')
    assert.throws(() => track({ signal: all }), OVERLAP)
    assert.throws(() => track({ signal: other }), OVERLAP)
    assert.throws(() => track({ terminated: other }), OVERLAP)
    assert.throws(() => track({ terminated: all.subarray(1) }), OVERLAP)
    assert.throws(() => track({ signal: all.subarray(1) }), OVERLAP)
    assert.equal(all[0], 2) // not set to 0 again
    tracking.untrack()
  })

  test('a buffer that can be resized', (t) => {
    if (!('resizable' in ArrayBuffer.prototype)) return t.skip('none here')
    const signal = new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 }))
    assert.throws(() => track({ signal }), { name: 'TypeError' })
  })

  test('the buffer of a WebAssembly.Memory, which growth detaches', () => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    assert.throws(
      () => track({ signal: new Uint8Array(memory.buffer) }),
      DETACHABLE
    )
    memory.grow(1)
  })

  test('an array whose buffer has been detached', () => {
    const signal = new Uint8Array(8)
    structuredClone(signal.buffer, { transfer: [signal.buffer] })
    assert.throws(
      () => track({ signal }),
      (error) => /^ERR_WASMSIG_/.test(error.code)
    )
  })

  test('ordinary buffers where a transfer is possible', (t) => {
    if (takesBuffers) return t.skip('they cannot be here')
    assert.throws(() => track({ signal: new Uint8Array(4) }), DETACHABLE)
  })
})

describe('track, ordinary buffers', { skip: !takesBuffers }, () => {
  const TRANSFERS = {
    structuredClone: (buffer) =>
      structuredClone(buffer, { transfer: [buffer] }),
    postMessage(buffer) {
      const { port1 } = new MessageChannel()
      try {
        port1.postMessage(buffer, [buffer])
      } finally {
        port1.close()
      }
    },
    'ArrayBuffer.prototype.transfer': (buffer) => buffer.transfer()
  }
  for (const [name, transfer] of Object.entries(TRANSFERS)) {
    test(`${name} throws while one is tracked, and works again`, () => {
      const signal = new Uint8Array(4) // in V8's heap until .buffer is read
      const others = [signal, new Uint8Array(4)]
      const tracking = track({ signal })
      assert.equal(stats().tracked.FIXED, 1)
      assert.throws(() => transfer(signal.buffer), TypeError)
      assert.throws(() => transfer(signal.buffer), TypeError)
      assert.equal(raise('SIGXCPU'), 1)
      assert.deepEqual([...signal], [24, 0, 0, 0])
      tracking.untrack()
      transfer(signal.buffer)
      assert.equal(signal.length, 0)
      assert.equal(others.length, 2)
    })
  }

  test('a buffer is held until the last of its words is untracked', () => {
    const all = new Int32Array(4)
    const first = track({ signal: all })
    const second = track({ signal: all.subarray(2) })
    const { transfer } = ArrayBuffer.prototype
    first.untrack()
    assert.throws(() => transfer.call(all.buffer), TypeError)
    second.untrack()
    assert.equal(transfer.call(all.buffer).byteLength, 16)
  })
})
