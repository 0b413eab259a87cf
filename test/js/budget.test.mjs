// SPDX-License-Identifier: Apache-2.0 OR MIT
/** CpuBudget: measuring, the soft limit, values and errors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CpuBudget, CpuLimitError, install, limitCpu, stats } from 'wasmsig'
import { run } from './support/child.mjs'
import { instantiate, read, write } from './support/guests.mjs'
import { caught, sleep, spend } from './support/work.mjs'

install()

test('a new budget is ready and unused', () => {
  const budget = new CpuBudget({ soft: 10, hard: 20 })
  assert.equal(budget.state, 'ready')
  assert.equal(budget.used, 0)
})

test('run returns what the function returns', () => {
  const budget = new CpuBudget({ hard: 1000 })
  const value = {}
  assert.equal(
    budget.run(() => value),
    value
  )
  assert.equal(
    budget.run(() => undefined),
    undefined
  )
})

test('run passes its arguments, and no this', () => {
  const budget = new CpuBudget({ hard: 1000 })
  const seen = budget.run(
    function (...args) {
      return [this, args]
    },
    1,
    undefined,
    null,
    'four'
  )
  assert.deepEqual(seen, [undefined, [1, undefined, null, 'four']])
})

test('run passes a thousand arguments', () => {
  const budget = new CpuBudget({ hard: 1000 })
  const given = Array.from({ length: 1000 }, (_, i) => i)
  assert.deepEqual(
    budget.run((...args) => args, ...given),
    given
  )
})

test('run returns the very promise of an async function', async () => {
  const budget = new CpuBudget({ hard: 1000 })
  const promise = Promise.resolve(7)
  assert.equal(
    budget.run(() => promise),
    promise
  )
  assert.equal(await budget.run(async () => 8), 8)
})

const THROWN = {
  'an error': new Error('theirs'),
  'a frozen object': Object.freeze({}),
  'a CpuLimitError of the user': new CpuLimitError(1, 2),
  'a string': 'text',
  undefined: undefined,
  null: null
}
for (const [name, value] of Object.entries(THROWN)) {
  test(`an error of the function passes through: ${name}`, () => {
    const budget = new CpuBudget({ soft: 500, hard: 1000 })
    let thrown = 'nothing'
    try {
      budget.run(() => {
        throw value
      })
    } catch (error) {
      thrown = error
    }
    assert.equal(thrown, value)
    assert.equal(budget.state, 'ready')
    assert.equal(
      budget.run(() => 1),
      1
    )
  })
}

test('a stack overflow passes through like any error', () => {
  const budget = new CpuBudget({ hard: 10_000 })
  const dive = () => dive() + 1
  assert.ok(caught(() => budget.run(dive)) instanceof RangeError)
  assert.equal(budget.state, 'ready')
})

test('endless nested runs overflow the stack like any function', () => {
  const budget = new CpuBudget({ hard: 10_000 })
  const dive = () => budget.run(dive)
  assert.ok(caught(dive) instanceof RangeError)
  assert.equal(budget.state, 'ready')
  assert.equal(
    budget.run(() => 7),
    7
  )
})

test('a budget without limits only measures', () => {
  const budget = new CpuBudget({ measure: true })
  budget.run(() => spend(5))
  assert.ok(budget.used >= 5)
  assert.equal(budget.state, 'ready')
})

test('limits that are undefined are left out', () => {
  const limits = { soft: undefined, hard: undefined, signal: undefined }
  const rest = { instances: undefined, measure: true }
  const budget = new CpuBudget({ ...limits, ...rest })
  budget.run(() => spend(2))
  assert.ok(budget.used >= 2)
  assert.equal(budget.state, 'ready')
})

test('used grows while a section is running', () => {
  const budget = new CpuBudget({ measure: true })
  const seen = budget.run(() => {
    const first = budget.used
    spend(2)
    return [first, budget.used]
  })
  assert.ok(seen[1] >= seen[0] + 2)
  assert.ok(budget.used >= seen[1])
})

test('used does not grow between sections', () => {
  const budget = new CpuBudget({ measure: true })
  budget.run(() => spend(1))
  const { used } = budget
  spend(5)
  assert.equal(budget.used, used)
})

test('the times of sections add up', () => {
  const budget = new CpuBudget({ measure: true })
  for (let i = 1; i <= 5; i += 1) {
    budget.run(() => spend(2))
    assert.ok(budget.used >= 2 * i)
  }
})

test('a section that throws is charged too', () => {
  const budget = new CpuBudget({ measure: true })
  caught(() =>
    budget.run(() => {
      spend(3)
      throw new Error('late')
    })
  )
  assert.ok(budget.used >= 3)
})

test('sleep is not charged', () => {
  const budget = new CpuBudget({ soft: 40, hard: 60 })
  assert.equal(
    budget.run(() => sleep(100) ?? 'awake'),
    'awake'
  )
  assert.equal(budget.state, 'ready')
  assert.ok(budget.used < 40)
})

test('a guest is signalled at its soft limit and returns early', () => {
  const { spin } = instantiate().exports
  const budget = new CpuBudget({ soft: 5 })
  assert.equal(budget.run(spin), 24)
  assert.ok(budget.used >= 5)
})

test('the soft limit is counted', () => {
  const { spin } = instantiate().exports
  const before = stats()
  new CpuBudget({ soft: 2 }).run(spin)
  assert.equal(stats().softLimits, before.softLimits + 1)
  assert.ok(stats().raises > before.raises)
})

test('the state goes from ready through running to signalled', () => {
  const { spin } = instantiate().exports
  const budget = new CpuBudget({ soft: 2 })
  const states = [budget.state]
  budget.run(() => {
    states.push(budget.state)
    spin()
    states.push(budget.state)
  })
  states.push(budget.state)
  assert.deepEqual(states, ['ready', 'running', 'signalled', 'signalled'])
})

test('a section below the limits ends ready', () => {
  const budget = new CpuBudget({ soft: 1000, hard: 2000 })
  assert.equal(
    budget.run(() => budget.state),
    'running'
  )
  assert.equal(budget.state, 'ready')
})

test('the raised signal is that of the limits', () => {
  const { spin } = instantiate().exports
  assert.equal(new CpuBudget({ soft: 2, signal: 'SIGALRM' }).run(spin), 14)
  const other = instantiate().exports
  assert.equal(new CpuBudget({ soft: 2, signal: 40 }).run(other.spin), 40)
})

test('a fractional limit is honoured', () => {
  const { spin } = instantiate().exports
  const budget = new CpuBudget({ soft: 0.25 })
  assert.equal(budget.run(spin), 24)
  assert.ok(budget.used >= 0.25)
})

test('a soft limit may be reached over several sections', () => {
  const instance = instantiate()
  const budget = new CpuBudget({ soft: 6, instances: [instance] })
  let sections = 0
  while (budget.state === 'ready' && sections < 100_000) {
    budget.run(() => {
      instance.exports.work(100_000)
      if (budget.used < 6) assert.equal(read(instance, 'signal'), 0)
    })
    sections += 1
  }
  assert.equal(budget.state, 'signalled')
  assert.ok(sections > 1)
  assert.ok(budget.used >= 6)
  assert.equal(
    budget.run(() => read(instance, 'signal')),
    24
  )
})

test('a soft limit signals once', () => {
  const { exports } = instantiate()
  const budget = new CpuBudget({ soft: 2 })
  assert.equal(budget.run(exports.answer, 1), 24)
  const { softLimits } = stats()
  budget.run(() => spend(5))
  budget.run(() => spend(1))
  assert.equal(stats().softLimits, softLimits)
})

test('only the instances of the limits receive the signal', () => {
  const named = instantiate()
  const alsoNamed = instantiate()
  const other = instantiate()
  const instances = new Set([named, alsoNamed])
  const budget = new CpuBudget({ soft: 2, instances })
  budget.run(() => {
    assert.equal(named.exports.spin(), 24)
    assert.equal(read(alsoNamed, 'signal'), 24)
    assert.equal(read(other, 'signal'), 0)
  })
})

test('without instances in the limits every tracked one receives the signal', () => {
  const first = instantiate()
  const second = instantiate()
  new CpuBudget({ soft: 2 }).run(() => {
    first.exports.spin()
    assert.equal(read(second, 'signal'), 24)
  })
})

test('an instance made after the budget receives the signal of the realm', () => {
  const budget = new CpuBudget({ soft: 2 })
  assert.equal(
    budget.run(() => instantiate().exports.spin()),
    24
  )
})

const ENDING = ['signal', 'terminated']

test('a kill terminates the instances of the limits if requested', () => {
  const named = instantiate({ words: ENDING })
  const other = instantiate({ words: ENDING })
  const limits = { hard: 5, instances: [named], terminate: true }
  const words = () => [named, other].map((each) => read(each, 'terminated'))
  const budget = new CpuBudget({ ...limits, hard: 1000 })
  budget.run(named.exports.work, 10)
  assert.deepEqual(words(), [0, 0])
  budget.reset({ hard: 5 })
  assert.ok(caught(() => budget.run(spend, 10)) instanceof CpuLimitError)
  assert.deepEqual(words(), [1, 0])
  write(named, 'terminated', 0)
  assert.throws(() => limitCpu(spend, limits)(10), CpuLimitError)
  assert.deepEqual(words(), [1, 0])
})

test('a kill terminates no instance by default, and needs a list of them', () => {
  const instance = instantiate({ words: ENDING })
  const limits = { hard: 5, instances: [instance] }
  assert.throws(() => new CpuBudget(limits).run(spend, 10), CpuLimitError)
  assert.equal(read(instance, 'terminated'), 0)
  const refused = { code: 'ERR_WASMSIG_INVALID_ARG_TYPE' }
  assert.throws(() => new CpuBudget({ hard: 5, terminate: true }), refused)
  const budget = new CpuBudget(limits)
  assert.throws(() => budget.reset({ terminate: true }), refused)
})

test('an empty list of instances signals none', () => {
  const instance = instantiate()
  const budget = new CpuBudget({ soft: 2, instances: [] })
  while (budget.state === 'ready') budget.run(() => spend(4))
  assert.equal(budget.state, 'signalled')
  assert.equal(read(instance, 'signal'), 0)
})

test('a section that returns a promise prints a warning, once', async () => {
  const { stderr, status } = await run('returns-promises.mjs')
  assert.equal(status, 0, stderr)
})
