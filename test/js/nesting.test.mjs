// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Budgets inside budgets: which is charged, which is killed, which reports it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CpuBudget, CpuLimitError, install } from 'wasmsig'
import { instantiate, read } from './support/guests.mjs'
import { caught, spend } from './support/work.mjs'

install()

const { burn, work } = instantiate().exports

test('inner time is charged to the outer budget too', () => {
  const outer = new CpuBudget({ measure: true })
  const inner = new CpuBudget({ measure: true })
  outer.run(() => inner.run(() => spend(4)))
  assert.ok(inner.used >= 4)
  assert.ok(outer.used >= 4)
})

test('outer time is not charged to the inner budget', () => {
  const outer = new CpuBudget({ measure: true })
  const inner = new CpuBudget({ measure: true })
  outer.run(() => {
    spend(10)
    inner.run(() => {})
    spend(10)
  })
  assert.ok(outer.used >= 20)
  assert.ok(inner.used < 10)
})

test('an inner kill leaves the outer section running', () => {
  const outer = new CpuBudget({ hard: 10_000 })
  const inner = new CpuBudget({ hard: 4 })
  const value = outer.run(() => {
    const error = caught(() => inner.run(burn))
    assert.ok(error instanceof CpuLimitError)
    assert.equal(error.limit, 4)
    assert.equal(outer.state, 'running')
    return work(10)
  })
  assert.equal(value, 0)
  assert.equal(inner.state, 'killed')
  assert.equal(outer.state, 'ready')
  assert.ok(outer.used >= 4)
})

test('an inner kill may be caught many times in one outer section', () => {
  const outer = new CpuBudget({ hard: 10_000 })
  const inner = new CpuBudget({ hard: 1 })
  const kills = outer.run(() => {
    let count = 0
    for (let i = 0; i < 20; i += 1) {
      if (caught(() => inner.reset().run(burn)) instanceof CpuLimitError) {
        count += 1
      }
    }
    return count
  })
  assert.equal(kills, 20)
  assert.ok(outer.used >= 20)
})

test('an outer kill inside an inner section is the error of the outer run', () => {
  const outer = new CpuBudget({ hard: 4 })
  const inner = new CpuBudget({ hard: 10_000 })
  const seen = []
  const error = caught(() =>
    outer.run(() => {
      try {
        inner.run(() => {
          burn()
          seen.push('inner went on')
        })
      } catch {
        seen.push('caught between')
      } finally {
        seen.push('finally between')
      }
      seen.push('outer went on')
    })
  )
  assert.ok(error instanceof CpuLimitError)
  assert.equal(error.limit, 4)
  assert.ok(error.used >= 4)
  assert.deepEqual(seen, [])
  assert.equal(outer.state, 'killed')
  assert.notEqual(inner.state, 'killed')
})

test('after an outer kill the inner budget can be used', () => {
  const outer = new CpuBudget({ hard: 4 })
  const inner = new CpuBudget({ hard: 50 })
  caught(() => outer.run(() => inner.run(burn)))
  assert.ok(inner.used > 0)
  assert.equal(inner.state, 'ready')
  assert.equal(inner.run(work, 10), 0)
  assert.equal(caught(() => inner.run(burn)).limit, 50)
})

test('the middle one of three budgets is killed', () => {
  const outer = new CpuBudget({ hard: 10_000 })
  const middle = new CpuBudget({ hard: 4 })
  const inner = new CpuBudget({ hard: 10_000 })
  let between = false
  const value = outer.run(() => {
    const error = caught(() =>
      middle.run(() => {
        caught(() => inner.run(burn))
        between = true
      })
    )
    assert.equal(error.limit, 4)
    return 'went on'
  })
  assert.equal(value, 'went on')
  assert.equal(between, false)
  const states = [outer, middle, inner].map((budget) => budget.state)
  assert.deepEqual(states, ['ready', 'killed', 'ready'])
})

test('two budgets whose limits pass together end as the outer one', () => {
  const outer = new CpuBudget({ hard: 4 })
  const inner = new CpuBudget({ hard: 4 })
  let went = false
  const error = caught(() => {
    outer.run(() => {
      caught(() => inner.run(burn))
      went = true
    })
  })
  assert.ok(error instanceof CpuLimitError)
  assert.equal(went, false)
  assert.equal(outer.state, 'killed')
  assert.ok(outer.used >= 4)
  assert.equal(work(10), 0)
})

test('an outer soft limit passes inside an inner section', () => {
  const instance = instantiate()
  const outer = new CpuBudget({ soft: 4, instances: [instance] })
  const inner = new CpuBudget({ hard: 10_000 })
  const received = outer.run(() => inner.run(instance.exports.spin))
  assert.equal(received, 24)
  assert.equal(outer.state, 'signalled')
  assert.equal(inner.state, 'ready')
})

test('nested budgets signal their own instances', () => {
  const a = instantiate()
  const b = instantiate()
  const outer = new CpuBudget({ soft: 2, signal: 10, instances: [a] })
  const inner = new CpuBudget({ soft: 4, signal: 12, instances: [b] })
  outer.run(() => {
    inner.run(() => {
      b.exports.spin()
      assert.equal(read(a, 'signal'), 10)
      assert.equal(read(b, 'signal'), 12)
    })
    assert.equal(read(a, 'signal'), 10)
    assert.equal(read(b, 'signal'), 0)
  })
  assert.equal(read(a, 'signal'), 0)
})

test('an inner reset leaves the signal that the outer budget raised', () => {
  const instance = instantiate()
  const outer = new CpuBudget({ soft: 2, instances: [instance] })
  const inner = new CpuBudget({ soft: 3, instances: [instance] })
  outer.run(() => {
    while (inner.state === 'ready' || outer.state === 'running') {
      inner.run(() => spend(5))
    }
    assert.equal(read(instance, 'signal'), 24)
    inner.reset()
    assert.equal(read(instance, 'signal'), 24)
  })
})

test('a budget may be entered again inside itself', () => {
  const budget = new CpuBudget({ hard: 10_000 })
  const value = budget.run(
    (x) => budget.run((y) => budget.run(() => y + 1), x + 1),
    1
  )
  assert.equal(value, 3)
  assert.equal(budget.state, 'ready')
})

test('time inside a budget twice is charged once', () => {
  const measure = new CpuBudget({ measure: true })
  const budget = new CpuBudget({ measure: true })
  measure.run(() => budget.run(() => budget.run(() => spend(10))))
  assert.ok(budget.used >= 10)
  assert.ok(budget.used < measure.used * 1.5)
})

test('the end of an inner section does not end the outer one', () => {
  const budget = new CpuBudget({ hard: 4 })
  let went = false
  const error = caught(() =>
    budget.run(() => {
      budget.run(() => {})
      assert.equal(budget.state, 'running')
      burn()
      went = true
    })
  )
  assert.ok(error instanceof CpuLimitError)
  assert.equal(went, false)
})

test('a kill of a budget inside itself is reported by its outermost run', () => {
  const budget = new CpuBudget({ hard: 4 })
  const seen = []
  const error = caught(() =>
    budget.run(() => {
      try {
        budget.run(burn)
      } catch {
        seen.push('caught between')
      }
      seen.push('went on')
    })
  )
  assert.ok(error instanceof CpuLimitError)
  assert.equal(error.limit, 4)
  assert.deepEqual(seen, [])
})

test('a kill passes through a budget between two runs of another', () => {
  const a = new CpuBudget({ hard: 4 })
  const b = new CpuBudget({ hard: 10_000 })
  let went = false
  const error = caught(() =>
    a.run(() => {
      b.run(() => {
        caught(() => a.run(burn))
        went = true
      })
      went = true
    })
  )
  assert.equal(error?.limit, 4)
  assert.equal(went, false)
  assert.equal(b.state, 'ready')
})

test('a spent budget inside another throws a catchable error', () => {
  const spent = new CpuBudget({ hard: 1 })
  caught(() => spent.run(burn))
  const outer = new CpuBudget({ hard: 10_000 })
  const error = outer.run(() => caught(() => spent.run(work, 1)))
  assert.ok(error instanceof CpuLimitError)
  assert.equal(outer.state, 'ready')
})

test('an error thrown through two budgets keeps its identity', () => {
  const theirs = new Error('theirs')
  const outer = new CpuBudget({ hard: 10_000 })
  const inner = new CpuBudget({ hard: 10_000 })
  const error = caught(() =>
    outer.run(() =>
      inner.run(() => {
        throw theirs
      })
    )
  )
  assert.equal(error, theirs)
})

test('a hundred budgets nest', () => {
  const budgets = Array.from(
    { length: 100 },
    () => new CpuBudget({ hard: 10_000 })
  )
  const nested = budgets.reduce(
    (inner, budget) => () => budget.run(inner),
    () => spend(1) && 'inside'
  )
  assert.equal(nested(), 'inside')
  for (const budget of budgets) {
    assert.ok(budget.used >= 1)
    assert.equal(budget.state, 'ready')
  }
})

test('the outermost of a hundred budgets is killed', () => {
  const budgets = Array.from(
    { length: 99 },
    () => new CpuBudget({ hard: 10_000 })
  )
  const nested = budgets.reduce(
    (inner, budget) => () => budget.run(inner),
    burn
  )
  const outer = new CpuBudget({ hard: 4 })
  assert.equal(caught(() => outer.run(nested))?.limit, 4)
  for (const budget of budgets) assert.equal(budget.state, 'ready')
})
