// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What a kill passes through, and what it leaves intact. */
import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks'

const LIMIT = 20

/** Kills a guest that runs inside `around`. Returns the error of run(). */
function killInside({ caught, instance, wasmsig }, around) {
  const { obey } = instance('signal').exports
  const budget = new wasmsig.CpuBudget({ hard: LIMIT })
  return caught(() => budget.run(() => around(obey)))
}

function checkLimitError({ check, wasmsig }, error) {
  check(error instanceof wasmsig.CpuLimitError, 'run() threw no CpuLimitError')
}

export const UNCAUGHT = [
  {
    promise: 'run() throws CpuLimitError, even if its code catches everything',
    run(host) {
      const error = killInside(host, (obey) => {
        try {
          obey()
        } catch {
          return 'caught'
        }
      })
      checkLimitError(host, error)
    }
  },
  {
    promise: 'a catch does not see the kill',
    run(host) {
      let seen = false
      const error = killInside(host, (obey) => {
        try {
          obey()
        } catch {
          seen = true
        }
      })
      checkLimitError(host, error)
      host.check(
        !seen,
        'a catch sees a trap of the guest, and the code goes on'
      )
    }
  },
  {
    promise: 'a finally is not run',
    run(host) {
      let ran = false
      const error = killInside(host, (obey) => {
        try {
          obey()
        } finally {
          ran = true
        }
      })
      checkLimitError(host, error)
      host.check(!ran, 'a finally is run')
    }
  },
  {
    promise: 'catch_all does not see the kill of a guest that polls',
    run(host) {
      const { caught, instance, same, wasmsig } = host
      const { exports } = instance('guarded')
      const budget = new wasmsig.CpuBudget({ hard: LIMIT })
      checkLimitError(
        host,
        caught(() => budget.run(exports.guarded_obey))
      )
      same('whether it caught something', exports.caught(), 0)
    }
  },
  {
    promise: 'catch_all does not see the kill of a guest that never polls',
    run(host) {
      const { caught, check, instance, same, wasmsig } = host
      const { exports } = instance('guarded')
      const budget = new wasmsig.CpuBudget({ hard: LIMIT })
      let finished = false
      const error = caught(() =>
        budget.run(() => {
          exports.guarded_burn()
          finished = true
        })
      )
      check(!finished, 'the guest was not stopped')
      checkLimitError(host, error)
      same('whether it caught something', exports.caught(), 0)
    }
  },
  {
    promise: 'promise jobs that the killed code queued still run',
    async run(host) {
      let ran = false
      const error = killInside(host, (obey) => {
        Promise.resolve().then(() => (ran = true))
        obey()
      })
      checkLimitError(host, error)
      await host.idle(10)
      host.check(ran, 'a promise job was lost')
    }
  }
]

export const LIVES_ON = [
  {
    promise: 'after a kill, timers and promises work',
    async run(host) {
      const order = []
      setTimeout(() => order.push('timer'), 1)
      checkLimitError(
        host,
        killInside(host, (obey) => obey())
      )
      await null
      order.push('promise')
      await host.idle()
      host.same('what ran', order.join(), 'promise,timer')
    }
  },
  {
    promise: 'after a kill, ten thousand limited calls return correctly',
    run(host) {
      const { instance, same, wasmsig } = host
      checkLimitError(
        host,
        killInside(host, (obey) => obey())
      )
      const { work } = instance('signal').exports
      const limited = wasmsig.limitCpu(work, { soft: 50, hard: 5000 })
      let right = 0
      for (let i = 1; i <= 10_000; i += 1) if (limited(1) === 0) right += 1
      same('the number of correct calls', right, 10_000)
    }
  },
  {
    promise: 'a guest that was killed can be called and signalled again',
    run({ caught, check, instance, read, same, wasmsig }) {
      const made = instance('words')
      const budget = new wasmsig.CpuBudget({ hard: LIMIT })
      for (let i = 0; i < 3; i += 1) {
        const error = caught(() => budget.reset().run(made.exports.obey))
        check(error instanceof wasmsig.CpuLimitError, 'it was not killed')
        same('the terminated word', read(made, 'terminated'), 0)
        wasmsig.clear()
        same('its result', made.exports.work(10), 0)
        same(
          'the number of signalled instances',
          wasmsig.raise('SIGINT', made),
          1
        )
      }
    }
  },
  {
    promise: 'a hundred kills in a row leave no trace',
    run({ caught, check, instance, loop, same, wasmsig }) {
      const { obey, work } = instance('signal').exports
      const { kills } = wasmsig.stats()
      const engine = wasmsig.capabilities.hardKill === 'engine'
      const budget = new wasmsig.CpuBudget({ hard: 0.5 })
      for (let i = 0; i < 100; i += 1) {
        const work = engine && i % 2 ? loop : obey
        const error = caught(() => budget.reset().run(work))
        check(error instanceof wasmsig.CpuLimitError, 'a call was not killed')
      }
      wasmsig.clear()
      same('the result of the guest', work(10), 0)
      check(wasmsig.stats().kills >= kills + 100, 'the kills were not counted')
    }
  }
]

const storage = new AsyncLocalStorage()

/** Kills a loop inside a function of the host. Returns the error of run(). */
function killInHost({ caught, loop, wasmsig }, limits) {
  let finished = false
  const budget = new wasmsig.CpuBudget({ hard: LIMIT, ...limits })
  const error = caught(() =>
    budget.run(() =>
      storage.run('inside', () => {
        loop()
        finished = true
      })
    )
  )
  return { error, finished }
}

export const UNSAFE = [
  {
    promise: 'a kill waits for the end of a function of the host',
    async run(host) {
      const { waited } = host.wasmsig.stats().unsafe ?? {}
      const id = executionAsyncId()
      const { error, finished } = killInHost(host, { onUnsafe: 'wait' })
      checkLimitError(host, error)
      host.check(finished, "the host's function was interrupted")
      host.same('the store afterwards', storage.getStore(), undefined)
      host.same('the async id afterwards', executionAsyncId(), id)
      if (host.wasmsig.capabilities.hardKill === 'word') return
      const now = host.wasmsig.stats().unsafe?.waited
      host.check(now > waited, 'stats() counts no wait')
    }
  },
  {
    promise: "onUnsafe: 'kill' stops it, and repairs the async scope",
    async run(host) {
      const id = executionAsyncId()
      const limits = { onUnsafe: 'kill', grace: 10 }
      const { error, finished } = killInHost(host, limits)
      checkLimitError(host, error)
      host.check(!finished, 'it ran to its end, far past its limit')
      host.same('the store afterwards', storage.getStore(), undefined)
      host.same('the async id afterwards', executionAsyncId(), id)
      await host.idle(10)
      host.same('the store in a timer', storage.getStore(), undefined)
    }
  },
  {
    promise: "onUnsafe: 'exit' ends the process with status 152",
    run(host) {
      const { finished } = killInHost(host, { onUnsafe: 'exit', grace: 10 })
      host.say(finished ? 'finished' : 'stopped')
    },
    judge({ status, stdout, stderr }, { check, same }) {
      check(!stdout.includes('finished'), 'it ran to its end')
      same('the status', status, 152)
      check(stderr.length > 0, 'there was no message on standard error')
    }
  }
]
