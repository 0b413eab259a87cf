// SPDX-License-Identifier: Apache-2.0 OR MIT
/** CPU time of asynchronous work. */

async function rejection(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
}

export const ASYNC = [
  {
    promise: 'runAsync charges the work in its async context, and no other',
    async run({ check, idle, same, spend, wasmsig }) {
      const budget = new wasmsig.CpuBudget({ measure: true })
      const others = idle(1).then(() => spend(200))
      const value = await budget.runAsync(async () => {
        spend(20)
        await idle(2)
        spend(20)
        await new Promise((resolve) => {
          setTimeout(() => resolve(spend(20)), 1)
        })
        return 'value'
      })
      await others
      same('its result', value, 'value')
      check(budget.used >= 60, 'not all of it was charged')
      check(budget.used < 200, 'other work was charged')
    }
  },
  {
    promise: 'two interleaved calls are charged separately',
    async run({ check, idle, spend, wasmsig }) {
      const budgets = [10, 60].map((milliseconds) => {
        const budget = new wasmsig.CpuBudget({ measure: true })
        const done = budget.runAsync(async () => {
          for (let i = 0; i < 3; i += 1) {
            spend(milliseconds)
            await idle(1)
          }
        })
        return { budget, done }
      })
      await Promise.all(budgets.map(({ done }) => done))
      const [few, many] = budgets.map(({ budget }) => budget.used)
      check(few >= 30 && few < 180, 'the first was charged wrongly')
      check(many >= 180, 'the second was charged too little')
    }
  },
  {
    promise: 'a guest in its timer is signalled, and killed at the hard limit',
    async run({ caught, check, idle, instance, same, wasmsig }) {
      const { obey, spin } = instance('signal').exports
      const budget = new wasmsig.CpuBudget({ soft: 20, hard: 60 })
      const received = []
      const error = await rejection(
        budget.runAsync(async () => {
          await idle(1)
          received.push(spin())
          wasmsig.clear()
          await new Promise((resolve) => {
            setTimeout(() => resolve(caught(obey)), 1)
          })
        })
      )
      same('the signals that the guest received', received.join(), '24')
      check(error instanceof wasmsig.CpuLimitError, 'no CpuLimitError')
    }
  },
  {
    promise: 'bind keeps name, length and this, and always charges',
    run({ check, same, spend, wasmsig }) {
      const budget = new wasmsig.CpuBudget({ measure: true })
      const bound = budget.bind(function sum(one, two) {
        spend(5)
        return this.zero + one + two
      })
      same('the name', bound.name, 'sum')
      same('the length', bound.length, 2)
      same('its result', bound.call({ zero: 1 }, 2, 3), 6)
      check(budget.used >= 5, 'it was not charged')
    }
  }
]
