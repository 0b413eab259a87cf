// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Worker threads: their instances, their budgets, and their ends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { CpuBudget, CpuLimitError, clear, install, raise, stats } from 'wasmsig'
import { run } from './support/child.mjs'
import { SHARED, instantiate, read } from './support/guests.mjs'
import { caught } from './support/work.mjs'

install()

const PROGRAM = new URL('./programs/threads.mjs', import.meta.url)

/** A worker that answers tasks, and is terminated with the test. */
class Thread {
  #worker = new Worker(PROGRAM)

  constructor(t) {
    t.after(() => this.#worker.terminate())
  }

  begin(task, argument) {
    this.#worker.postMessage([task, argument])
  }

  async next() {
    const [message] = await once(this.#worker, 'message')
    return message
  }

  async ask(task, argument) {
    this.begin(task, argument)
    for (;;) {
      const message = await this.next()
      if (message.done !== undefined) return message.done
    }
  }

  terminate() {
    return this.#worker.terminate()
  }

  async ended() {
    const [status] = await once(this.#worker, 'exit')
    return status
  }
}

const mine = instantiate()

test('raise reaches the instances of this thread only', async (t) => {
  const thread = new Thread(t)
  assert.equal(await thread.ask('read'), 0)
  clear()
  assert.equal(raise('SIGUSR1'), 1)
  assert.equal(raise('SIGUSR1', 'realm'), 1)
  assert.equal(read(mine, 'signal'), 10)
  assert.equal(await thread.ask('read'), 0)
})

test("raise in a worker reaches that worker's instances only", async (t) => {
  const thread = new Thread(t)
  await thread.ask('read')
  clear()
  assert.equal(await thread.ask('raise', ['SIGUSR1']), 1)
  assert.equal(await thread.ask('read'), 10)
  assert.equal(read(mine, 'signal'), 0)
})

test('raise with process reaches the instances of all threads', async (t) => {
  const threads = [new Thread(t), new Thread(t)]
  for (const thread of threads) await thread.ask('read')
  clear()
  assert.equal(raise('SIGUSR2', 'process'), 3)
  assert.equal(read(mine, 'signal'), 12)
  for (const thread of threads) assert.equal(await thread.ask('read'), 12)
  assert.equal(clear('process'), 3)
  for (const thread of threads) assert.equal(await thread.ask('read'), 0)
})

test('a worker may raise for the whole process', async (t) => {
  const thread = new Thread(t)
  await thread.ask('read')
  clear()
  assert.equal(await thread.ask('raise', ['SIGTERM', 'process']), 2)
  assert.equal(read(mine, 'signal'), 15)
})

test('a busy guest of a worker receives a signal from another thread', async (t) => {
  const thread = new Thread(t)
  thread.begin('spin')
  assert.equal(await thread.next(), 'spinning')
  raise('SIGINT', 'process')
  assert.deepEqual(await thread.next(), { done: 2 })
})

test('an ended worker no longer counts', async (t) => {
  const thread = new Thread(t)
  await thread.ask('read')
  assert.equal(raise('SIGINT', 'process'), 2)
  await thread.terminate()
  assert.equal(raise('SIGINT', 'process'), 1)
})

test('instances are counted for each thread', async (t) => {
  const before = stats().tracked.FIXED
  const thread = new Thread(t)
  const theirs = await thread.ask('stats')
  assert.deepEqual(theirs.tracked, { FIXED: 1, SHARED: 0, MOVABLE: 0 })
  assert.equal(stats().tracked.FIXED, before)
})

test('a further thread of a shared memory loses no pending signal', async (t) => {
  const thread = new Thread(t)
  const limits = { initial: 1, maximum: 16, shared: true }
  const memory = new WebAssembly.Memory(limits)
  const options = { memory: SHARED, started: false }
  const own = instantiate(options, { env: { memory } })
  assert.equal(raise('SIGTERM', own), 1)
  assert.equal(await thread.ask('share', memory), 15)
  assert.equal(read(memory, 'signal'), 15)
  assert.equal(await thread.ask('raiseShared', 'SIGINT'), 1)
  assert.equal(read(memory, 'signal'), 2)
})

test('a soft limit works in a worker', async (t) => {
  const thread = new Thread(t)
  clear()
  const { received, used, state } = await thread.ask('soft', 4)
  assert.equal(received, 24)
  assert.ok(used >= 4)
  assert.equal(state, 'signalled')
  assert.equal(read(mine, 'signal'), 0)
})

test('a hard limit works in a worker, which continues', async (t) => {
  const thread = new Thread(t)
  for (let i = 0; i < 3; i += 1) {
    const { name, code, used, state } = await thread.ask('hard', 5)
    assert.equal(name, 'CpuLimitError')
    assert.equal(code, 'ERR_WASMSIG_CPU_LIMIT')
    assert.ok(used >= 5)
    assert.equal(state, 'killed')
    assert.equal(await thread.ask('work', 10), 0)
  }
})

test('a kill in a worker does not affect the main thread', async (t) => {
  const thread = new Thread(t)
  await thread.ask('read')
  const budget = new CpuBudget({ hard: 10_000 })
  const kills = stats().kills
  thread.begin('hard', 5)
  budget.run(() => {
    while (stats().kills === kills && budget.used < 5000);
  })
  assert.equal(budget.state, 'ready')
  assert.deepEqual((await thread.next()).done.name, 'CpuLimitError')
})

test('a kill in the main thread does not affect a worker', async (t) => {
  const thread = new Thread(t)
  await thread.ask('read')
  thread.begin('spend', 100)
  const { burn } = mine.exports
  const error = caught(() => new CpuBudget({ hard: 20 }).run(burn))
  assert.ok(error instanceof CpuLimitError)
  assert.ok((await thread.next()).done >= 100)
})

test('budgets of several threads run at the same time', async (t) => {
  const threads = [new Thread(t), new Thread(t), new Thread(t)]
  const limits = [5, 10, 15]
  const answers = threads.map((thread, i) => thread.ask('hard', limits[i]))
  const results = await Promise.all(answers)
  results.forEach(({ name, used }, i) => {
    assert.equal(name, 'CpuLimitError')
    assert.ok(used >= limits[i])
  })
})

test('a worker can be terminated inside a section', async (t) => {
  const thread = new Thread(t)
  thread.begin('burn', 150)
  assert.equal(await thread.next(), 'started')
  assert.equal(await thread.terminate(), 1)
  // The watchdog must have dropped the section before its limit passes.
  await delay(200)
  assert.ok(caught(() => new CpuBudget({ hard: 3 }).run(mine.exports.burn)))
})

test('a worker with endless kills can be terminated', async () => {
  const { stdout, status } = await run('terminated.mjs')
  assert.equal(stdout, 'ended\n'.repeat(20))
  assert.equal(status, 0)
})

test('process.exit inside a section ends the worker with its status', async (t) => {
  const thread = new Thread(t)
  thread.begin('exit', 7)
  assert.equal(await thread.ended(), 7)
})

test('forward is refused in a worker', async (t) => {
  const thread = new Thread(t)
  const { name, code } = await thread.ask('forward', ['SIGUSR2'])
  assert.equal(name, 'Error')
  assert.equal(code, 'ERR_WASMSIG_FORWARD')
})
