// SPDX-License-Identifier: Apache-2.0 OR MIT
/** CPU limits: what is signalled and stopped, and when. */
import { RECEIVED_AT } from '../guests.mjs'

const LIMIT = 20

/** Checks the error of a call that was killed at LIMIT. */
function checkKilled({ check, same }, error) {
  check(error, 'the call returned as if there were no limit')
  same('the code', error.code, 'ERR_WASMSIG_CPU_LIMIT')
  same('the limit', error.limit, LIMIT)
  check(error.used >= LIMIT, 'it was killed before its limit')
}

/** A check that `work` is stopped at its hard limit, before it finishes. */
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

export const SIGNALLED = [
  {
    promise: 'a guest receives SIGXCPU in its loop, at its soft limit',
    anywhere: true,
    run({ instance, check, same, wasmsig }) {
      const { spin } = instance('words').exports
      if (!wasmsig) {
        check(
          spin() === 24,
          '`workerd test` sets no CPU limit: the guest received no signal'
        )
        return
      }
      const budget = new wasmsig.CpuBudget({ soft: LIMIT })
      same('the signal that the guest received', budget.run(spin), 24)
      same('the state', budget.state, 'signalled')
    }
  },
  {
    promise: 'no guest is signalled early, by a CPU clock of the host',
    run({ instance, check, cpuClock, same, wasmsig }) {
      const { spin } = instance('signal').exports
      for (let i = 0; i < 20; i += 1) {
        const budget = new wasmsig.CpuBudget({ soft: 5 })
        wasmsig.clear()
        const start = cpuClock()
        same('the signal that the guest received', budget.run(spin), 24)
        const used = cpuClock() - start
        check(used >= 5, 'the guest was signalled before 5 ms of CPU time')
        check(budget.used >= 5, 'the budget reports less')
      }
    }
  },
  {
    promise: 'sleep is not charged',
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
      same('the signal that the guest received', budget.run(spin), 24)
    }
  },
  {
    promise: 'a limit signals only its instances, with its signal',
    run({ instance, read, same, wasmsig }) {
      const [mine, other] = [instance('signal'), instance('signal')]
      const limits = { soft: LIMIT, signal: 'SIGUSR2', instances: [mine] }
      const budget = new wasmsig.CpuBudget(limits)
      same(
        'the signal that the guest received',
        budget.run(mine.exports.spin),
        12
      )
      same('the word of another', read(other, 'signal'), 0)
    }
  },
  {
    promise: 'reset starts a new request, and withdraws the signal',
    run({ instance, read, same, wasmsig }) {
      const made = instance('signal')
      const budget = new wasmsig.CpuBudget({ soft: LIMIT })
      budget.run(made.exports.spin)
      same('the result of reset', budget.reset(), budget)
      same('the signal word', read(made, 'signal'), 0)
      same('the CPU time used', budget.used, 0)
      same(
        'the signal that the guest received',
        budget.run(made.exports.spin),
        24
      )
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
    promise: 'a guest is signalled first, and stopped later',
    run(host) {
      const { caught, instance, read, same, wasmsig } = host
      const made = instance('words')
      const budget = new wasmsig.CpuBudget({ soft: 5, hard: LIMIT })
      checkKilled(
        host,
        caught(() => budget.run(made.exports.obey))
      )
      same('the state', budget.state, 'killed')
      const view = new DataView(made.exports.memory.buffer)
      const bit = (view.getBigUint64(RECEIVED_AT, true) >> 23n) & 1n
      same('the bit of SIGXCPU', bit, 1n)
      same(
        'its pending bit afterwards',
        (read(made, 'pending') >> 23n) & 1n,
        0n
      )
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
    promise: 'a limit that the guest cannot obey is kept, or refused at once',
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
      check(!after, 'code after the inner call was run')
    }
  },
  {
    promise: 'time in an inner section is charged to the outer budgets too',
    run({ check, spend, wasmsig }) {
      const inner = new wasmsig.CpuBudget({ measure: true })
      const outer = new wasmsig.CpuBudget({ measure: true })
      outer.run(() => inner.run(spend, 30))
      check(inner.used >= 30, 'the inner budget was not charged')
      check(outer.used >= inner.used, 'the outer budget was charged less')
    }
  }
]
