// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Asynchronous work on a budget: what is charged, and how it is stopped. */
import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { readFile } from 'node:fs'
import { Readable, Transform, pipeline } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as soon, setTimeout as after } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { CpuBudget, CpuLimitError, install } from 'wasmsig'
import { instantiate } from './support/guests.mjs'
import { caught, loopJs, spend } from './support/work.mjs'

install()

const { burn, spin } = instantiate().exports

/** Tolerance of a budget, CPU ms. */
const SLACK = 0.05

async function rejected(promise) {
  return promise.then(
    () => undefined,
    (error) => error
  )
}

test('the result of the promise is returned', async () => {
  const budget = new CpuBudget({ measure: true })
  assert.equal(await budget.runAsync(async () => 7), 7)
  assert.equal(await budget.runAsync(() => 8), 8)
  const thenable = { then: (resolve) => resolve(9) }
  assert.equal(await budget.runAsync(() => thenable), 9)
})

test('the rejection of the promise is returned', async () => {
  const budget = new CpuBudget({ measure: true })
  const error = new Error('mine')
  const thrower = () => {
    throw error
  }
  assert.equal(await rejected(budget.runAsync(async () => thrower())), error)
  assert.equal(await rejected(budget.runAsync(thrower)), error)
})

test('work after an await is charged', async () => {
  const budget = new CpuBudget({ measure: true })
  let spent = 0
  await budget.runAsync(async () => {
    spent += spend(3)
    await null
    spent += spend(3)
    await after(1)
    spent += spend(3)
    await Promise.all([soon(), soon()].map((p) => p.then(() => spend(3))))
    spent += 6
  })
  assert.ok(budget.used >= spent - SLACK, `${budget.used} of ${spent}`)
  assert.ok(budget.used < spent + 30, `${budget.used} of ${spent}`)
  assert.equal(budget.state, 'ready')
})

test('waiting is not charged, nor is other work meanwhile', async () => {
  const budget = new CpuBudget({ measure: true })
  const waits = budget.runAsync(async () => {
    await after(30)
    await null
  })
  spend(20)
  await soon()
  spend(20)
  await waits
  assert.ok(budget.used < 10, String(budget.used))
})

test('timers and callbacks that it starts are charged', async () => {
  const budget = new CpuBudget({ measure: true })
  await budget.runAsync(
    () =>
      new Promise((resolve) => {
        setTimeout(() => {
          spend(4)
          process.nextTick(() => {
            spend(4)
            setImmediate(() => resolve(spend(4)))
          })
        }, 1)
      })
  )
  assert.ok(budget.used >= 12 - 3 * SLACK, String(budget.used))
})

test('a hundred interleaved ones are charged separately', async () => {
  const runs = Array.from({ length: 100 }, (_, i) => {
    const budget = new CpuBudget({ measure: true })
    const share = 0.1 + (i % 10) / 10
    const work = async () => {
      for (let turn = 0; turn < 5; turn += 1) {
        spend(share)
        await (turn % 2 ? soon() : null)
      }
    }
    return { budget, least: 5 * share, done: budget.runAsync(work) }
  })
  await Promise.all(runs.map(({ done }) => done))
  let over = 0
  for (const { budget, least } of runs) {
    assert.ok(budget.used >= least - SLACK, `${budget.used} of ${least}`)
    over += budget.used - least
  }
  assert.ok(over / 100 < 2, `${over / 100} ms too much each`)
})

test('a call inside another is charged to both', async () => {
  const outer = new CpuBudget({ measure: true })
  const inner = new CpuBudget({ measure: true })
  await outer.runAsync(async () => {
    await null
    await inner.runAsync(async () => {
      await soon()
      spend(5)
    })
    await null
    spend(5)
  })
  assert.ok(inner.used >= 5 - SLACK && inner.used < 9, String(inner.used))
  assert.ok(outer.used >= 10 - SLACK, String(outer.used))
})

test('a kill before the first await rejects the promise', async () => {
  const budget = new CpuBudget({ hard: 4 })
  const error = await rejected(budget.runAsync(async () => burn()))
  assert.ok(error instanceof CpuLimitError)
  assert.equal(budget.state, 'killed')
})

test('a guest that continues after an await is signalled, then receives SIGKILL', async () => {
  const budget = new CpuBudget({ soft: 3 })
  const received = await budget.runAsync(async () => {
    await null
    return spin()
  })
  assert.equal(received, 24)
  budget.reset() // clears what the guest has not acknowledged
  const limited = new CpuBudget({ hard: 3 })
  let signal
  const error = await rejected(
    limited.runAsync(async () => {
      await null
      signal = spin()
      await null
    })
  )
  assert.equal(signal, 9)
  assert.ok(error instanceof CpuLimitError)
})

test('run inside is killed after an await as well', async () => {
  const budget = new CpuBudget({ hard: 4 })
  let inside
  const error = await rejected(
    budget.runAsync(async () => {
      await soon()
      inside = caught(() => budget.run(loopJs))
      await soon()
      await new Promise(() => {})
    })
  )
  assert.ok(inside instanceof CpuLimitError, String(inside))
  assert.ok(error instanceof CpuLimitError, String(error))
})

test('bind inside is killed, and others continue', async () => {
  const others = Array.from({ length: 20 }, (_, i) => {
    const budget = new CpuBudget({ hard: 1000 })
    return budget.runAsync(async () => {
      for (let turn = 0; turn < 10; turn += 1) await soon()
      return i
    })
  })
  const budget = new CpuBudget({ hard: 4 })
  const endless = budget.bind(burn)
  const error = await rejected(
    budget.runAsync(async () => {
      await null
      endless()
    })
  )
  assert.ok(error instanceof CpuLimitError, String(error))
  assert.deepEqual(
    await Promise.all(others),
    others.map((_, i) => i)
  )
})

test('a limit that passes in many small parts rejects the promise', async () => {
  const budget = new CpuBudget({ hard: 10 })
  let turns = 0
  const error = await rejected(
    budget.runAsync(async () => {
      for (; turns < 1000; turns += 1) {
        spend(0.5)
        await soon()
      }
    })
  )
  assert.ok(error instanceof CpuLimitError)
  // A part costs what it spends, and what the host takes for a turn.
  assert.ok(turns >= 2 && turns <= 25, String(turns))
})

test('all calls on one budget are rejected together', async () => {
  const budget = new CpuBudget({ hard: 5 })
  const waits = rejected(budget.runAsync(() => new Promise(() => {})))
  await rejected(budget.runAsync(async () => burn()))
  await soon()
  assert.ok((await waits) instanceof CpuLimitError)
})

test('work after its promise is settled is not charged', async () => {
  const budget = new CpuBudget({ measure: true })
  let later
  await budget.runAsync(async () => {
    later = soon().then(() => spend(10))
  })
  const { used } = budget
  await later
  assert.ok(budget.used - used < 5)
})

test('a budget that is reset between can be run again and again', async () => {
  const budget = new CpuBudget({ hard: 1000 })
  for (let i = 0; i < 200; i += 1) {
    budget.reset()
    await budget.runAsync(async () => {
      await null
      await soon()
    })
    assert.equal(budget.state, 'ready')
  }
})

test('an uncaught error inside leaves no section entered', async () => {
  const budget = new CpuBudget({ measure: true })
  const received = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve)
  })
  const run = budget.runAsync(
    () =>
      new Promise((resolve) => {
        setTimeout(() => {
          setTimeout(resolve, 1)
          throw new Error('mine')
        }, 1)
      })
  )
  assert.equal((await received).message, 'mine')
  process.setUncaughtExceptionCaptureCallback(null)
  await run
  await soon()
  assert.equal(budget.state, 'ready')
  budget.reset()
})

test('runAsync refuses what is not a function', () => {
  const budget = new CpuBudget({ measure: true })
  for (const wrong of [undefined, null, 1, {}, Promise.resolve()]) {
    assert.throws(() => budget.runAsync(wrong), {
      code: 'ERR_WASMSIG_INVALID_ARG_TYPE'
    })
  }
})

test('bind keeps this, arguments, name and length', () => {
  const budget = new CpuBudget({ measure: true })
  function add(a, b) {
    return [this, a + b]
  }
  const bound = budget.bind(add)
  const self = { bound }
  assert.deepEqual(self.bound(1, 2), [self, 3])
  assert.equal(bound.name, 'add')
  assert.equal(bound.length, 2)
})

test('bind charges one budget for all its calls', () => {
  const budget = new CpuBudget({ hard: 20 })
  const piece = budget.bind(() => spend(3))
  let turns = 0
  const error = caught(() => {
    for (; turns < 100; turns += 1) piece()
  })
  assert.ok(error instanceof CpuLimitError)
  assert.ok(turns >= 2 && turns <= 7, String(turns))
})

test('work that restarts itself endlessly does not become slower', async () => {
  let turns = 0
  await new Promise((resolve, reject) => {
    function tick() {
      if (++turns === 20_000) return resolve()
      const again = async () => void setImmediate(tick)
      new CpuBudget({ hard: 1000 }).runAsync(again).catch(reject)
    }
    tick()
  })
  assert.equal(turns, 20_000)
})

// ------------------------------------------ everything that resumes work later

const LATER = {
  'a microtask': (done) => queueMicrotask(done),
  'a tick': (done) => process.nextTick(done),
  'an interval': (done) => {
    const interval = setInterval(() => done(clearInterval(interval)), 1)
  },
  'a thenable': async (done) => void (await { then: (go) => go(done()) }),
  'an async generator': async (done) => {
    async function* one() {
      await null
      yield done()
    }
    for await (const _ of one());
  },
  'a stream': (done) => void Readable.from(['a']).on('data', done),
  'a transform': (done) =>
    pipeline(
      Readable.from(['a']),
      new Transform({ transform: (chunk, _, next) => next(done()) }),
      () => {}
    ),
  'a web stream': (done) => {
    const pull = async (controller) => controller.close(await done())
    return new ReadableStream({ pull }, { highWaterMark: 0 }).getReader().read()
  },
  'a file': (done) => readFile(new URL(import.meta.url), done),
  'a message': (done) => {
    const { port1, port2 } = new MessageChannel()
    port2.on('message', () => done(port2.close()))
    port1.postMessage(1)
  },
  'a diagnostics channel': (done) => {
    const seen = channel('wasmsig:test')
    const hear = () => done(seen.unsubscribe(hear))
    seen.subscribe(hear)
    setImmediate(() => seen.publish({}))
  },
  'a word of shared memory': async (done) => {
    const word = new Int32Array(new SharedArrayBuffer(4))
    setTimeout(() => Atomics.notify(word, 0), 2)
    await Atomics.waitAsync(word, 0, 0).value
    done()
  },
  'a compilation': async (done) => {
    await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
    done()
  },
  'an import': async (done) => {
    globalThis.doneByImport = done
    await import('data:text/javascript,globalThis.doneByImport()')
  }
}

for (const [what, begin] of Object.entries(LATER)) {
  test(`work that ${what} resumes is charged`, async () => {
    const budget = new CpuBudget({ hard: 60_000 })
    let spent = 0
    await budget.runAsync(
      () =>
        new Promise((resolve, reject) => {
          const done = () => resolve((spent = spend(3)))
          Promise.resolve(begin(done)).catch(reject)
        })
    )
    assert.ok(spent >= 3)
    assert.ok(budget.used >= spent - SLACK, `${budget.used} of ${spent}`)
  })
}
