// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What budgets of one name have used is added up, in all threads. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import {
  CpuBudget,
  CpuLimitError,
  capabilities,
  kill,
  limitCpu,
  stats
} from 'wasmsig'
import { run } from './support/child.mjs'
import { RANGE, TYPE, refused } from './support/refusal.mjs'
import { caught, loopJs, sleep, spend } from './support/work.mjs'

const WORKER = new URL('./programs/named-worker.mjs', import.meta.url)

/** The figures of a name; undefined if there is none. */
const useOf = (name) => stats().budgets.find((use) => use.name === name)
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0)
const isClose = (a, b) => Math.abs(a - b) < 1e-6 // ms: less than 1 ns each

test('a name is shown as soon as a budget has it', () => {
  new CpuBudget({ measure: true, name: 'unused' })
  const { lateness, ...rest } = useOf('unused')
  assert.deepEqual(rest, {
    name: 'unused',
    cpu: 0,
    sections: 0,
    softLimits: 0,
    kills: { hard: 0, wall: 0, kill: 0 }
  })
  assert.equal(lateness.counts.length, lateness.bounds.length + 1)
  assert.equal(sum(lateness.counts), 0)
})

test('the CPU time of all budgets of a name is added up', () => {
  const budgets = [1, 2].map(
    () => new CpuBudget({ measure: true, name: 'summed' })
  )
  for (const budget of budgets) {
    budget.run(spend, 2)
    budget.run(spend, 1)
  }
  assert.ok(isClose(useOf('summed').cpu, budgets[0].used + budgets[1].used))
  assert.equal(useOf('summed').sections, 4)
})

test('a budget without a name changes no figures', () => {
  const before = stats().budgets
  new CpuBudget({ measure: true }).run(spend, 1)
  assert.deepEqual(stats().budgets, before)
})

test('a call inside another one of the same budget is no section', () => {
  const budget = new CpuBudget({ measure: true, name: 'recursive' })
  budget.run(() => budget.run(spend, 1))
  assert.equal(useOf('recursive').sections, 1)
  assert.ok(isClose(useOf('recursive').cpu, budget.used))
})

test('the time of nested sections of one name counts once', () => {
  const [outer, inner] = [1, 2].map(
    () => new CpuBudget({ measure: true, name: 'nested' })
  )
  outer.run(() => inner.run(spend, 2))
  assert.ok(isClose(useOf('nested').cpu, outer.used))
  assert.equal(useOf('nested').sections, 2)
  inner.run(spend, 1) // alone, it is charged what is new
  assert.ok(useOf('nested').cpu >= outer.used + 1)
  assert.ok(useOf('nested').cpu < outer.used + inner.used)
})

test('the time of nested sections of two names counts for both', () => {
  const outer = new CpuBudget({ measure: true, name: 'around' })
  const inner = new CpuBudget({ measure: true, name: 'within' })
  outer.run(() => inner.run(spend, 2))
  assert.ok(isClose(useOf('around').cpu, outer.used))
  assert.ok(isClose(useOf('within').cpu, inner.used))
})

test('each call of a limitCpu function counts as a budget', () => {
  const limited = limitCpu(spend, { soft: 1, name: 'pattern' })
  limited(2)
  limited(2)
  const { cpu, sections, softLimits } = useOf('pattern')
  assert.ok(cpu >= 4)
  assert.deepEqual([sections, softLimits], [2, 2])
})

test('a section that throws counts as well', () => {
  const budget = new CpuBudget({ measure: true, name: 'throwing' })
  caught(() =>
    budget.run(() => {
      spend(1)
      throw new Error('of the guest')
    })
  )
  assert.ok(isClose(useOf('throwing').cpu, budget.used))
})

test('a soft limit counts once until a reset', () => {
  const budget = new CpuBudget({ soft: 50, name: 'soft' })
  budget.run(spend, 0.1)
  assert.equal(useOf('soft').softLimits, 0)
  budget.run(spend, 51)
  budget.run(spend, 1)
  assert.equal(useOf('soft').softLimits, 1)
  budget.reset().run(spend, 51)
  assert.equal(useOf('soft').softLimits, 2)
})

test('after a reset, time is added to what was used before', () => {
  const budget = new CpuBudget({ measure: true, name: 'reset' })
  budget.run(spend, 2)
  const first = budget.used
  budget.reset().run(spend, 1)
  assert.ok(isClose(useOf('reset').cpu, first + budget.used))
})

test('a reset may give another name, or keeps the name', () => {
  const budget = new CpuBudget({ measure: true, name: 'old' })
  budget.run(spend, 1)
  const { used } = budget
  budget.reset({ name: 'new' }).run(spend, 1)
  budget.reset().run(spend, 1)
  assert.ok(isClose(useOf('old').cpu, used))
  assert.equal(useOf('new').sections, 2)
})

test('a name may have any other characters', () => {
  const names = [
    '__proto__',
    ' ',
    'a"b\\c',
    'Ünïcödé 日本 🦀',
    '大'.repeat(100)
  ]
  for (const name of names) {
    new CpuBudget({ measure: true, name }).run(() => {})
    assert.equal(useOf(name).sections, 1)
  }
})

describe('what is no name is refused', () => {
  const TAKERS = {
    'new CpuBudget': (name) => new CpuBudget({ hard: 5, name }),
    limitCpu: (name) => limitCpu(() => {}, { hard: 5, name }),
    reset: (name) => new CpuBudget({ hard: 5 }).reset({ name })
  }
  const NOT_STRINGS = [7, null, true, Symbol('t'), ['t'], { t: 1 }, 5n]
  const NOT_IN_RANGE = ['', 'x'.repeat(101), 'a\nb', '\0', '\u007f', '\ud800']
  for (const [taker, take] of Object.entries(TAKERS)) {
    test(`by ${taker}`, () => {
      const before = stats().budgets
      for (const bad of NOT_STRINGS)
        refused(() => take(bad), TYPE, /limits.name/)
      for (const bad of NOT_IN_RANGE)
        refused(() => take(bad), RANGE, /limits.name .* 1 to 100/)
      assert.deepEqual(stats().budgets, before)
    })
  }
})

describe('kills', { skip: capabilities.hardKill !== 'engine' }, () => {
  test('by the hard limit have a lateness', () => {
    const budget = new CpuBudget({ soft: 1, hard: 2, name: 'hard' })
    const error = caught(() => budget.run(loopJs))
    assert.ok(error instanceof CpuLimitError)
    caught(() => budget.run(loopJs)) // it is spent: no further kill
    const { cpu, kills, softLimits, lateness } = useOf('hard')
    assert.deepEqual(kills, { hard: 1, wall: 0, kill: 0 })
    assert.equal(softLimits, 1)
    assert.ok(isClose(cpu, error.used))
    assert.ok(isClose(lateness.sum, error.used - 2))
    const late = error.used - 2
    const at = lateness.bounds.findIndex((bound) => late <= bound)
    const counts = lateness.counts.map(() => 0)
    counts[at < 0 ? counts.length - 1 : at] = 1
    assert.deepEqual(lateness.counts, counts)
  })

  test('by the wall limit count, while something runs and later', () => {
    const running = new CpuBudget({ wall: 1, name: 'wall' })
    assert.equal(caught(() => running.run(sleep, 600_000)).reason, 'wall')
    const later = new CpuBudget({ wall: 1, name: 'wall' })
    caught(() => later.run(() => {})) // it may have passed already
    sleep(2)
    assert.equal(caught(() => later.run(() => {})).reason, 'wall')
    assert.deepEqual(useOf('wall').kills, { hard: 0, wall: 2, kill: 0 })
    assert.equal(sum(useOf('wall').lateness.counts), 0)
  })

  test('by a call count once until a reset', () => {
    const budget = new CpuBudget({ hard: 600_000, name: 'kill' })
    const error = caught(() =>
      budget.run(() => {
        kill(budget.id)
        loopJs()
      })
    )
    assert.equal(error.reason, 'kill')
    caught(() => budget.run(() => {}))
    assert.equal(useOf('kill').kills.kill, 1)
    budget.reset().kill()
    caught(() => budget.run(() => {}))
    assert.equal(useOf('kill').kills.kill, 2)
  })

  test('of an outer budget are none of the inner one', () => {
    const outer = new CpuBudget({ hard: 100, name: 'killed around' })
    const inner = new CpuBudget({ hard: 600_000, name: 'not killed' })
    caught(() => outer.run(() => inner.run(loopJs)))
    assert.equal(useOf('killed around').kills.hard, 1)
    assert.deepEqual(useOf('not killed').kills, { hard: 0, wall: 0, kill: 0 })
    assert.ok(useOf('not killed').cpu > 0)
  })
})

test(
  'work that an event loop resumes counts when each part has ended',
  { skip: !capabilities.asyncContext },
  async () => {
    const budget = new CpuBudget({ measure: true, name: 'async' })
    await budget.runAsync(async () => {
      spend(1)
      await new Promise((resolve) => setTimeout(resolve, 1))
      spend(1)
    })
    assert.ok(useOf('async').cpu >= 2)
    assert.ok(isClose(useOf('async').cpu, budget.used))
    assert.ok(useOf('async').sections >= 2)
  }
)

test('the figures of all threads are added up', async () => {
  const workers = [1, 2, 3].map(() => new Worker(WORKER))
  const used = await Promise.all(
    workers.map(async (worker) => {
      const exit = once(worker, 'exit') // may come with the message
      const [used] = await once(worker, 'message')
      await exit // what ended threads have used stays
      return used
    })
  )
  const { cpu, sections } = useOf('of workers')
  assert.ok(isClose(cpu, sum(used)), `${cpu} is not the sum of ${used}`)
  assert.equal(sections, 300)
})

test('names above the thousandth count together', async () => {
  const { status, stdout, stderr } = await run('many-names.mjs')
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), {
    names: 1001,
    last: '(other)',
    sections: 7,
    old: 2
  })
})

test('a disabled package has no figures', async () => {
  const { status, stdout, stderr } = await run('many-names.mjs', {
    env: { WASMSIG: 'off' }
  })
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), { names: 0 })
})
