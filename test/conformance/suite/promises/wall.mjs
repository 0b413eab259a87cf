// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Wall limits, and budgets that a call, a thread or an AbortSignal kills. */

const WALL = 20

/** How long a call waits that nothing ends: long for a limit, short for a test. */
const WAIT = 3000

function checkReason({ check, same }, error, reason) {
  check(error, 'the call returned as if nothing had ended it')
  same('the code', error.code, 'ERR_WASMSIG_CPU_LIMIT')
  same('the reason', error.reason, reason)
}

/** Runs `work` on the budget, which must not reach its end. */
function endsBy(reason, budget, work, host) {
  let finished = false
  const error = host.caught(() =>
    budget.run(() => {
      work()
      finished = true
    })
  )
  checkReason(host, error, reason)
  host.check(!finished, 'what the call did ran to its end, and it threw then')
}

function wait() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT)
}

const obeys = (host) => host.instance('signal').exports.obey
const burns = (host) => host.instance('signal').exports.burn

/** A promise that kill() in another thread ends `work(host)`. */
function killedByThread(promise, work) {
  return {
    promise,
    async run(host) {
      const budget = new host.wasmsig.CpuBudget({ measure: true })
      const flag = new Int32Array(new SharedArrayBuffer(4))
      const worker = host.thread({ id: budget.id, flag })
      host.same('the thread', await worker.next(), 'ready')
      const begin = () => {
        Atomics.store(flag, 0, 1)
        Atomics.notify(flag, 0)
      }
      const todo = work(host)
      endsBy('kill', budget, () => (begin(), todo()), host)
    },
    thread({ wasmsig }, { id, flag }, port) {
      port.postMessage('ready')
      Atomics.wait(flag, 0, 0)
      wasmsig.kill(id)
    }
  }
}

/** Checks the rejection of work that `end` ends while it awaits a timer. */
async function endsAwait(host, budget, reason, end = () => {}) {
  const work = budget.runAsync(() => host.idle(WAIT))
  end()
  let error
  await work.catch((rejected) => (error = rejected))
  checkReason(host, error, reason)
}

export const WALL_LIMITS = [
  {
    promise: 'a wall limit ends a guest that polls',
    run(host) {
      const budget = new host.wasmsig.CpuBudget({ wall: WALL })
      endsBy('wall', budget, obeys(host), host)
    }
  },
  {
    promise: 'a wall limit ends a guest that never polls',
    run(host) {
      const budget = new host.wasmsig.CpuBudget({ wall: WALL })
      endsBy('wall', budget, burns(host), host)
    }
  },
  {
    promise: 'a wall limit ends Atomics.wait',
    run(host) {
      const budget = new host.wasmsig.CpuBudget({ wall: WALL })
      endsBy('wall', budget, wait, host)
    }
  },
  {
    promise: 'a wall limit rejects work that awaits',
    run(host) {
      const budget = new host.wasmsig.CpuBudget({ wall: WALL })
      return endsAwait(host, budget, 'wall')
    }
  },
  killedByThread('kill() from another thread ends a guest that polls', obeys),
  killedByThread(
    'kill() from another thread ends a guest that never polls',
    burns
  ),
  killedByThread('kill() from another thread ends Atomics.wait', () => wait),
  {
    promise: 'an AbortSignal rejects work that awaits',
    run(host) {
      const controller = new AbortController()
      const { signal } = controller
      const budget = new host.wasmsig.CpuBudget({ signal })
      return endsAwait(host, budget, 'kill', () => controller.abort())
    }
  },
  {
    promise: 'an AbortSignal that a message of a thread aborts rejects work',
    async run(host) {
      const controller = new AbortController()
      const { signal } = controller
      const budget = new host.wasmsig.CpuBudget({ signal })
      const worker = host.thread()
      worker.next().then(() => controller.abort())
      await endsAwait(host, budget, 'kill')
    },
    thread(_, __, port) {
      port.postMessage('abort')
    }
  },
  {
    promise: 'a killed budget runs again after a reset',
    run(host) {
      const budget = new host.wasmsig.CpuBudget({ measure: true })
      budget.kill()
      checkReason(
        host,
        host.caught(() => budget.run(() => {})),
        'kill'
      )
      host.same(
        'the result',
        budget.reset().run(() => 7),
        7
      )
    }
  }
]
