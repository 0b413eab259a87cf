// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The cases of the runtime's own test of tracked instances, each with one step
 * more: the case goes on until its request is signalled, and then checks which
 * words have the signal. `workerd test` runs every export.
 */
import atTheEnd from './at-the-end.wasm'
import beyond from './beyond.wasm'
import both from './both.wasm'
import filled from './filled.wasm'
import hidden from './hidden.wasm'
import imported from './imported.wasm'
import large from './large.wasm'
import neither from './neither.wasm'
import none from './none.wasm'
import overTheEnd from './over-the-end.wasm'
import poll from './poll.wasm'
import signalOnly from './signal-only.wasm'
import terminatedOnly from './terminated-only.wasm'

const SIGXCPU = 24

function equal(found, expected, what) {
  if (found !== expected) throw new Error(`${what}: ${found}, not ${expected}`)
}

/** Computes until the request is signalled. */
function untilSignalled() {
  const { until_signal: wait } = new WebAssembly.Instance(poll).exports
  equal(wait(), SIGXCPU, 'the signal')
}

/** Both ways to make an instance. */
const ways = {
  later: (module, imports) => WebAssembly.instantiate(module, imports),
  now: (module, imports) => new WebAssembly.Instance(module, imports)
}

/** A case for each way; `before` and `after` the signal it is checked. */
const inBothWays = (module, before, after) =>
  Object.values(ways).map((make) => ({
    async test() {
      const { exports } = await make(module)
      before(exports)
      untilSignalled()
      after(exports)
    }
  }))

const zeroed = ({ signal }) => equal(signal(), 0, 'the word at first')
const signalled = ({ signal }) => equal(signal(), SIGXCPU, 'the word')

export const [bothLater, bothNow] = inBothWays(both, zeroed, signalled)

const isNotTerminated = ({ terminated }) =>
  equal(terminated(), 0, 'the terminated word')

export const [terminatedLater, terminatedNow] = inBothWays(
  terminatedOnly,
  isNotTerminated,
  isNotTerminated
)

export const [signalLater, signalNow] = inBothWays(signalOnly, zeroed, () => {})

/** No case of the runtime, whose older versions do not track it. */
export const [signalAlone] = inBothWays(signalOnly, zeroed, signalled)

const works = ({ twice }) => equal(twice(21), 42, 'what it computes')

export const [neitherLater, neitherNow] = inBothWays(neither, works, works)

export const [filledLater, filledNow] = inBothWays(filled, zeroed, signalled)

/** No byte of the memory is ever written. */
const untouched = ({ memory }) => {
  const at = new Uint8Array(memory.buffer).findIndex((byte) => byte !== 0)
  equal(at, -1, 'the first byte that was written')
}

export const [beyondTheEnd] = inBothWays(beyond, untouched, untouched)
export const [overTheLastByte] = inBothWays(overTheEnd, untouched, untouched)
export const [upToTheEnd] = inBothWays(atTheEnd, zeroed, signalled)

/** A memory that the Worker gives, and what is made of the module with it. */
const given = (module, make, before, after) => ({
  async test() {
    const memory = new WebAssembly.Memory({ initial: 1 })
    const host = { memory, log() {} }
    const { exports } = await make(module, { host })
    before({ ...exports, memory })
    untilSignalled()
    after({ ...exports, memory })
  }
})

export const importedLater = given(imported, ways.later, zeroed, signalled)
export const importedNow = given(imported, ways.now, zeroed, signalled)
// The memory among the imports is not the one that the module has.
export const notItsMemory = given(hidden, ways.later, untouched, untouched)

export const noMemoryAtAll = {
  async test() {
    const host = { memory: null }
    const { exports } = await WebAssembly.instantiate(none, { host })
    untilSignalled()
    equal(exports.seven(), 7, 'what it computes')
  }
}

// Sixteen MiB each: they are collected, or memory ends.
export const unusedAreReleased = {
  async test() {
    for (let i = 0; i < 20; i++) {
      const { exports } = await WebAssembly.instantiate(large)
      equal(exports.terminated(), 0, 'the terminated word')
    }
    untilSignalled()
  }
}
