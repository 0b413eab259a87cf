// SPDX-License-Identifier: Apache-2.0 OR MIT
/** CPU limits: who is told and stopped, and when. */
import { HEARD_AT } from '../guests.mjs'

const LIMIT = 20

/** Checks what a call threw that was killed at LIMIT. */
function checkKilled({ check, same }, error) {
  check(error, 'the call came back as if there were no limit')
  same('the code', error.code, 'ERR_WASMSIG_CPU_LIMIT')
  same('the limit', error.limit, LIMIT)
  check(error.used >= LIMIT, 'it was killed before its limit')
}

/**
 * A check that `work` is stopped at its hard limit: it tells by finishing that
 * it was not.
 */
function isStopped(work) {
  return (host) => {
    const { caught, check, wasmsig } = host
    let finished = false
    const budget = new wasmsig.CpuBudget({ hard: LIMIT })
    const error = caught(() =>
      budget.run(() => {
        work(host)
        finished = true
      })
    )
    check(!finished, 'it ran to its end, far past its limit')
    checkKilled(host, error)
  }
}

export const TOLD = [
  {
    promise: 'a guest is told in its loop that its CPU time is nearly up',
    anywhere: true,
    run({ instance, check, same, wasmsig }) {
      const { spin } = instance('words').exports
      if (!wasmsig) {
        check(
          spin() === 24,
          '`workerd test` sets no CPU limit: the guest came back untold'
        )
        return
      }
      const budget = new wasmsig.CpuBudget({ soft: LIMIT })
      same('what the guest heard', budget.run(spin), 24)
      same('the state', budget.state, 'signalled')
    }
  },
  {
    promise: 'no guest is told early, by the CPU clock of the host itself',
    run({ instance, check, cpuClock, same, wasmsig }) {
      const { spin } = instance('signal').exports
      for (let i = 0; i < 20; i += 1) {
        const budget = new wasmsig.CpuBudget({ soft: 5 })
        wasmsig.clear()
        const start = cpuClock()
        same('what the guest heard', budget.run(spin), 24)
        const used = cpuClock() - start
        check(used >= 5, 'the guest was told before 5 ms of CPU had passed')
        check(budget.used >= 5, 'the budget says that it used less')
      }
    }
  },
  {
    promise: 'time asleep is not charged',
    run({ check, same, sleep, wasmsig }) {
      const budget = new wasmsig.CpuBudget({ soft: 100, hard: 200 })
      budget.run(sleep, 500)
      same('the state', budget.state, 'ready')
      check(budget.used < 100, 'the sleep was charged')
    }
  },
  {
    promise: 'sections of one budget add up',
    run({ instance, check, same, spend, wasmsig }) {
      const { spin } = instance('signal').exports
      const budget = new wasmsig.CpuBudget({ soft: 60 })
      budget.run(spend, 25)
      budget.run(spend, 25)
      check(budget.used >= 50 && budget.used < 60, 'they were not added')
      same('what the guest heard', budget.run(spin), 24)
    }
  },
  {
    promise: 'only the instances that a limit names are told, by its signal',
    run({ instance, read, same, wasmsig }) {
      const [mine, other] = [instance('signal'), instance('signal')]
      const limits = { soft: LIMIT, signal: 'SIGUSR2', instances: [mine] }
      const budget = new wasmsig.CpuBudget(limits)
      same('what the guest heard', budget.run(mine.exports.spin), 12)
      same('the word of another', read(other, 'signal'), 0)
    }
  },
  {
    promise: 'reset begins a new request, and takes the signal back',
    run({ instance, read, same, wasmsig }) {
      const made = instance('signal')
      const budget = new wasmsig.CpuBudget({ soft: LIMIT })
      budget.run(made.exports.spin)
      same('what reset gives', budget.reset(), budget)
      same('the signal word', read(made, 'signal'), 0)
      same('what is used', budget.used, 0)
      same('what the guest heard', budget.run(made.exports.spin), 24)
    }
  }
]

export const STOPPED = [
  {
    promise: 'a guest that polls is stopped at its hard limit',
    run: isStopped(({ instance }) => instance('signal').exports.obey())
  },
  {
    promise: 'a guest that never polls is stopped',
    run: isStopped(({ instance }) => instance('signal').exports.burn())
  },
  {
    promise: 'a WASI program that never polls is stopped, under node:wasi',
    async run(host) {
      const { WASI } = await import('node:wasi')
      const wasi = new WASI({ version: 'preview1', returnOnExit: true })
      isStopped(({ instance }) => wasi.start(instance('program')))(host)
    }
  },
  {
    promise: 'a loop of JavaScript is stopped',
    run: isStopped(({ loop }) => loop())
  },
  {
    promise: 'a guest is told first and stopped then',
    run(host) {
      const { caught, instance, read, same, wasmsig } = host
      const made = instance('words')
      const budget = new wasmsig.CpuBudget({ soft: 5, hard: LIMIT })
      checkKilled(
        host,
        caught(() => budget.run(made.exports.obey))
      )
      same('the state', budget.state, 'killed')
      const heard = new DataView(made.exports.memory.buffer)
      const told = (heard.getBigUint64(HEARD_AT, true) >> 23n) & 1n
      same('the bit of SIGXCPU', told, 1n)
      same('what is left of it', (read(made, 'pending') >> 23n) & 1n, 0n)
    }
  },
  {
    promise: 'limitCpu gives each call a budget of its own',
    run({ caught, check, instance, same, wasmsig }) {
      const { obey, work } = instance('signal').exports
      const limited = wasmsig.limitCpu((fn) => fn(10), { hard: LIMIT })
      for (let i = 0; i < 3; i += 1) {
        const error = caught(() => limited(obey))
        check(error instanceof wasmsig.CpuLimitError, 'no CpuLimitError')
        same('a call after it', limited(work), 0)
      }
    }
  },
  {
    promise: 'a limit that nobody could obey is kept, or refused at once',
    run(host) {
      const { caught, instance, same, wasmsig } = host
      const made = instance('plain')
      const limits = { hard: LIMIT, instances: [made] }
      if (wasmsig.capabilities.hardKill === 'engine') {
        isStopped(() => made.exports.burn())(host)
      } else {
        const error = caught(() => new wasmsig.CpuBudget(limits))
        same('the code', error?.code, 'ERR_WASMSIG_NO_KILL')
      }
    }
  }
]

export const NESTED = [
  {
    promise: 'an inner limit stops the inner call only',
    run(host) {
      const { caught, instance, same, wasmsig } = host
      const { obey } = instance('signal').exports
      const inner = new wasmsig.CpuBudget({ hard: LIMIT })
      const outer = new wasmsig.CpuBudget({ hard: 10_000 })
      const error = outer.run(() => caught(() => inner.run(obey)))
      checkKilled(host, error)
      same('the state of the outer budget', outer.state, 'ready')
      same('the state of the inner budget', inner.state, 'killed')
    }
  },
  {
    promise: 'an outer limit stops the calls inside as well',
    run(host) {
      const { caught, check, instance, wasmsig } = host
      const { obey } = instance('signal').exports
      const inner = new wasmsig.CpuBudget({ hard: 10_000 })
      const outer = new wasmsig.CpuBudget({ hard: LIMIT })
      let after = false
      const error = caught(() =>
        outer.run(() => {
          inner.run(obey)
          after = true
        })
      )
      checkKilled(host, error)
      check(!after, 'what stood behind the inner call still ran')
    }
  },
  {
    promise: 'what is spent inside is charged to the budgets around it',
    run({ check, spend, wasmsig }) {
      const inner = new wasmsig.CpuBudget({ measure: true })
      const outer = new wasmsig.CpuBudget({ measure: true })
      outer.run(() => inner.run(spend, 30))
      check(inner.used >= 30, 'the inner budget was not charged')
      check(outer.used >= inner.used, 'the outer budget was charged less')
    }
  }
]
