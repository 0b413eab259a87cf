// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Memories that move when they grow: runs the step that its argument names, and
 * ends with an error if that fails. Needs a host that does not keep memories in
 * place: Node within a small address space, Bun from its ninth memory on.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { CpuBudget, clear, install, raise, stats } from 'wasmsig'
import { IMPORTED, guest, read, write } from '../support/guests.mjs'

const PAGE = 65536
const WORDS = ['signal', 'terminated', 'pending']
const GROW = `(func (export "grow") (param i32) (result i32)
  (memory.grow (local.get 0)))`

install()
const own = new WebAssembly.Module(guest({ words: WORDS, code: GROW }))
const importing = new WebAssembly.Module(
  guest({ memory: IMPORTED, started: false })
)

/** Memories that the host keeps in place; collected, they would make room. */
const inPlace = []

/** The first result of `make` whose memory may move. */
function movable(make = () => new WebAssembly.Instance(own)) {
  for (let i = 0; i < 20; i += 1) {
    const { FIXED } = stats().tracked
    const instance = make()
    if (stats().tracked.FIXED === FIXED) return instance
    inPlace.push(instance)
  }
  throw new Error('this host keeps its memories in place')
}

/** A thread that raises for the process on request, or all the time. */
class Raiser {
  #worker = new Worker(new URL('./movable-raiser.mjs', import.meta.url))
  #stop = new Int32Array(new SharedArrayBuffer(4))

  async #ask(question) {
    const answer = once(this.#worker, 'message')
    this.#worker.postMessage(question)
    return (await answer)[0]
  }

  raise = (signal) => this.#ask({ call: 'raise', signal })
  clear = () => this.#ask({ call: 'clear' })
  storm = () => this.#ask({ call: 'storm', stop: this.#stop })

  /** How often it raised. */
  async end() {
    const raised = once(this.#worker, 'message')
    Atomics.store(this.#stop, 0, 1)
    return (await raised)[0]
  }

  terminate = () => this.#worker.terminate()
}

/** A thread needs address space of its own, so start it first. */
async function withRaiser(use) {
  const raiser = new Raiser()
  try {
    await raiser.clear() // it is loaded
    return await use(raiser)
  } finally {
    await raiser.terminate()
  }
}

const nothing = () => {}
const section = () => new CpuBudget({ measure: true }).run(nothing)

const CASES = {
  raise() {
    const instance = movable()
    assert.equal(read(instance, 'signal'), 0)
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(instance, 'signal'), 2)
    assert.equal(raise('SIGTERM'), stats().tracked.FIXED + 1)
    assert.equal(read(instance, 'signal'), 15)
    assert.equal(read(instance, 'pending'), (1n << 1n) | (1n << 14n))
    clear(instance)
    assert.equal(read(instance, 'signal'), 0)
    assert.equal(read(instance, 'pending'), 0n)
  },

  grown() {
    const instance = movable()
    const { grow, memory } = instance.exports
    for (let pages = 1; pages < 40; pages += 2) {
      const old = memory.buffer
      assert.equal(memory.grow(1), pages)
      assert.equal(grow(1), pages + 1)
      assert.equal(old.byteLength, 0)
      assert.equal(raise(1 + (pages % 30), instance), 1)
      assert.equal(read(instance, 'signal'), 1 + (pages % 30))
    }
  },

  dead() {
    const instance = movable()
    write(instance, 'terminated', 1)
    section()
    assert.equal(raise('SIGINT', instance), 0)
    section()
    assert.equal(read(instance, 'signal'), 0)
  },

  async boundary() {
    await withRaiser(async (raiser) => {
      const instance = movable()
      assert.ok((await raiser.raise('SIGINT')) >= 1)
      assert.equal(read(instance, 'signal'), 0)
      instance.exports.memory.grow(1)
      const budget = new CpuBudget({ measure: true })
      assert.equal(
        budget.run(() => read(instance, 'signal')),
        2
      )
    })
  },

  async takenBack() {
    await withRaiser(async (raiser) => {
      const instance = movable()
      raise('SIGINT', instance)
      await raiser.clear()
      assert.equal(read(instance, 'signal'), 2)
      instance.exports.memory.grow(1)
      section()
      assert.equal(read(instance, 'signal'), 0)
      await raiser.raise('SIGINT')
      await raiser.clear()
      section()
      assert.equal(read(instance, 'signal'), 0)
    })
  },

  limit() {
    const instance = movable()
    const budget = new CpuBudget({ soft: 1 })
    budget.run(() => {
      instance.exports.memory.grow(1)
      while (budget.used < 3);
      assert.equal(read(instance, 'signal'), 0)
    })
    assert.equal(read(instance, 'signal'), 0)
    assert.equal(budget.run(instance.exports.spin), 24)
    assert.equal(read(instance, 'signal'), 0)
  },

  /** Each section is short: the soft limit passes at a boundary. */
  limitPassed() {
    const instance = movable()
    const budget = new CpuBudget({ soft: 1 })
    let received
    for (let i = 0; i < 100_000 && !received; i += 1) {
      received = budget.run(() => read(instance, 'signal'))
    }
    assert.equal(received, 24)
  },

  thrown() {
    const instance = movable()
    const mine = new Error('mine')
    const budget = new CpuBudget({ soft: 1 })
    const guilty = () => {
      instance.exports.memory.grow(1)
      while (budget.used < 3);
      throw mine
    }
    assert.throws(
      () => budget.run(guilty),
      (error) => error === mine
    )
    assert.equal(budget.run(instance.exports.spin), 24)
  },

  getters() {
    const instance = movable()
    const { memory } = instance.exports
    const { get } = Object.getOwnPropertyDescriptor(
      WebAssembly.Memory.prototype,
      'buffer'
    )
    let calls = 0
    const spy = { configurable: true, get: () => calls++ }
    Object.defineProperty(WebAssembly.Memory.prototype, 'buffer', spy)
    Object.defineProperty(memory, 'buffer', spy)
    Function.prototype.call = Function.prototype.apply = () => calls++
    memory.grow(1)
    raise('SIGINT', instance)
    section()
    assert.equal(calls, 0)
    const bytes = Reflect.apply(get, memory, [])
    assert.equal(new Uint32Array(bytes)[256], 2)
  },

  sameMemory() {
    movable()
    const memory = new WebAssembly.Memory({ initial: 1 })
    const make = () => new WebAssembly.Instance(importing, { env: { memory } })
    const first = make()
    raise('SIGTERM', first)
    const second = make()
    assert.equal(read(memory, 'signal'), 15)
    memory.grow(3)
    assert.equal(raise('SIGINT', second), 1)
    assert.equal(read(memory, 'signal'), 2)
    assert.equal(raise('SIGHUP', first), 1)
    assert.equal(read(memory, 'signal'), 1)
  },

  async collected() {
    const made = 30
    for (let i = 0; i < made; i += 1) {
      movable()
      if (i % 10 !== 0) continue
      await turn()
      collectGarbage()
    }
    const { tracked, collected } = stats()
    assert.ok(tracked.MOVABLE < made / 2, `${tracked.MOVABLE}`)
    assert.ok(collected > made / 2, `${collected}`)
    assert.equal(raise('SIGINT'), tracked.MOVABLE + tracked.FIXED)
  },

  /**
   * Grows while another thread raises. Around the words are canaries, and where
   * a memory was before, buffers that must stay zero. On a busy machine that
   * thread may wait for long: then there are more grows, until a tenth of the
   * requested signals has been received.
   */
  async storm() {
    const wanted = Number(process.env.WASMSIG_GROWS ?? 500)
    await withRaiser(async (raiser) => {
      await raiser.storm()
      let [grows, received] = [0, 0]
      while (
        grows < wanted ||
        (received <= wanted / 10 && grows < 10 * wanted)
      ) {
        const now = Math.min(50, Math.max(wanted - grows, 10))
        received += growAndLook(now)
        grows += now
      }
      const raised = await raiser.end()
      assert.ok(raised > wanted / 10, `raised ${raised}`)
      assert.ok(received > wanted / 10, `received ${received}`)
      console.log(JSON.stringify({ grows, raised, received }))
    })
  }
}

function collectGarbage() {
  if (globalThis.Bun) Bun.gc(true)
  else gc()
}

const canaries = (length) => Buffer.alloc(length, 0xa5)

/** Lets a memory grow that many times; returns how many signals it received. */
function growAndLook(grows) {
  const { exports } = movable()
  const { grow, memory } = exports
  const bytes = () => Buffer.from(memory.buffer, 0, PAGE)
  const around = () => [bytes().subarray(0, 1024), bytes().subarray(1048)]
  around().forEach((part) => part.fill(0xa5))
  let received = 0
  const fillers = []
  for (let pages = 1; pages <= grows; pages += 1) {
    new CpuBudget({ measure: true }).run(
      pages % 2 ? grow : () => memory.grow(1),
      1
    )
    fillers.push(Buffer.alloc(pages * PAGE)) // perhaps where it was before
    section()
    const signal = read(memory, 'signal')
    assert.ok([0, 10, 12].includes(signal), `${signal}`)
    if (signal !== 0) received += 1
    write(memory, 'signal', 0)
  }
  for (const part of around()) assert.ok(part.equals(canaries(part.length)))
  for (const filler of fillers) {
    assert.ok(filler.equals(Buffer.alloc(filler.length)), 'a stale write')
  }
  return received
}

await CASES[process.argv[2]]()
