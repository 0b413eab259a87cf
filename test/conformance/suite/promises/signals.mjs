// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Signals of the process, and signals between threads. */

/** Forwards a signal and is busy until the guest receives it. */
function busyUntilSignalled({ instance, signalSoon, wasmsig }, name) {
  const { exports } = instance('signal')
  const forwarding = wasmsig.forward([name])
  const sent = signalSoon(name)
  const received = exports.spin()
  return { received, forwarding, sent }
}

export const FORWARDED = [
  {
    promise: 'Ctrl-C reaches a busy guest, and the process goes on',
    async run(host) {
      const { received, forwarding, sent } = busyUntilSignalled(host, 'SIGINT')
      host.same('the signal that the guest received', received, 2)
      await sent
      await host.idle()
      forwarding.stop()
    }
  },
  {
    promise: 'SIGTERM reaches a busy guest',
    run(host) {
      const { received } = busyUntilSignalled(host, 'SIGTERM')
      host.same('the signal that the guest received', received, 15)
    }
  },
  {
    promise: "the program's own listener runs when the event loop is free",
    async run(host) {
      const order = []
      process.on('SIGINT', () => order.push('listener'))
      const { received, sent } = busyUntilSignalled(host, 'SIGINT')
      order.push('guest')
      await sent
      await host.idle()
      host.same('the signal that the guest received', received, 2)
      host.same('what ran', order.join(), 'guest,listener')
    }
  },
  {
    promise: 'Ctrl-C reaches a busy guest of a worker thread',
    async run(host) {
      const { same, signalSoon, thread, wasmsig } = host
      wasmsig.forward(['SIGINT'])
      const worker = thread()
      same('the worker', await worker.next(), 'busy')
      await signalSoon('SIGINT')
      same('the signal that the guest received', await worker.next(), 2)
    },
    thread({ instance }, _, port) {
      const { spin } = instance('signal').exports
      port.postMessage('busy')
      port.postMessage(spin())
    }
  },
  {
    promise: 'a signal without a guest or listener ends the process',
    async run({ idle, say, signalSoon, wasmsig }) {
      wasmsig.forward(['SIGINT'])
      await signalSoon('SIGINT')
      await idle(3000)
      say('alive')
    },
    judge({ signal, stdout }, { check, same }) {
      check(!stdout.includes('alive'), 'the process went on')
      same('the signal that ended it', signal, 'SIGINT')
    }
  },
  {
    promise: 'with insist, the second unacknowledged signal ends the process',
    run({ instance, say, signalSoon, wasmsig }) {
      const { burn } = instance('signal').exports
      wasmsig.forward(['SIGINT'], { insist: 2 })
      signalSoon('SIGINT', 50)
      for (let i = 0; i < 5; i += 1) burn()
      say('returned')
    },
    judge({ signal, stdout }, { check, same }) {
      check(!stdout.includes('returned'), 'the guest ran to its end')
      same('the signal that ended it', signal, 'SIGINT')
    }
  },
  {
    promise: 'with insist, a guest that acknowledges each signal goes on',
    run({ instance, same, signalSoon, wasmsig }) {
      const { answer } = instance('signal').exports
      wasmsig.forward(['SIGINT'], { insist: 2 })
      signalSoon('SIGINT', 50)
      same('the last of four that it received', answer(4), 2)
    }
  },
  {
    promise: 'stop() at once after a signal does not end the process',
    async run(host) {
      const { received, forwarding, sent } = busyUntilSignalled(host, 'SIGINT')
      forwarding.stop()
      host.same('the signal that the guest received', received, 2)
      await sent
      await host.idle(300)
      host.say('alive')
    },
    judge({ stdout }, { check }) {
      check(stdout.includes('alive'), 'the process ended')
    }
  },
  {
    promise: 'the process may end at once after a guest received a signal',
    endsItself: true,
    run(host) {
      const { received } = busyUntilSignalled(host, 'SIGINT')
      host.same('the signal that the guest received', received, 2)
    },
    judge({ status, signal }, { same }) {
      same('the signal that ended it', signal, null)
      same('its status', status, 0)
    }
  },
  {
    promise: 'stop() ends the forwarding',
    async run({ idle, instance, same, say, signalSoon, wasmsig }) {
      instance('signal')
      const forwarding = wasmsig.forward(['SIGUSR2'])
      same('a second stop', (forwarding.stop(), forwarding.stop()), undefined)
      await signalSoon('SIGUSR2')
      await idle(3000)
      say('alive')
    },
    judge({ signal, stdout }, { check, same }) {
      check(!stdout.includes('alive'), 'the signal was still forwarded')
      same('the signal that ended it', signal, 'SIGUSR2')
    }
  }
]

export const THREADS = [
  {
    promise: "raise('process') reaches a busy guest of another thread",
    async run({ same, thread, wasmsig }) {
      const worker = thread()
      same('the worker', await worker.next(), 'busy')
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGUSR1', 'process'),
        1
      )
      same('the signal that the guest received', await worker.next(), 10)
    },
    thread({ instance }, _, port) {
      const { spin } = instance('signal').exports
      port.postMessage('busy')
      port.postMessage(spin())
    }
  },
  {
    promise: "raise('realm') reaches this thread only",
    async run({ instance, read, same, thread, wasmsig }) {
      const mine = instance('signal')
      const worker = thread()
      same('how many instances the worker signalled', await worker.next(), 1)
      same('the word of this thread', read(mine, 'signal'), 0)
      same(
        'how many instances this thread signalled',
        wasmsig.raise('SIGINT'),
        1
      )
    },
    thread({ instance, wasmsig }, _, port) {
      const mine = instance('signal')
      const signalled = wasmsig.raise('SIGINT')
      port.on('message', () => mine)
      port.postMessage(signalled)
    }
  },
  {
    promise: 'each thread has its own limits',
    async run({ same, thread }) {
      const worker = thread()
      const result = await worker.next()
      same('the results of the worker', result, '24,ERR_WASMSIG_CPU_LIMIT,0')
    },
    thread({ caught, instance, wasmsig }, _, port) {
      const { obey, spin, work } = instance('signal').exports
      const signal = new wasmsig.CpuBudget({ soft: 20 }).run(spin)
      const budget = new wasmsig.CpuBudget({ hard: 20 })
      const code = caught(() => budget.run(obey))?.code
      port.postMessage([signal, code, work(10)].join())
    }
  },
  {
    promise: 'a pending signal is not lost when another thread joins',
    async run({ instance, read, same, sharedMemory, thread, wasmsig }) {
      const memory = sharedMemory()
      const first = instance('shared', { env: { memory } })
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGTERM', first),
        1
      )
      const worker = thread(memory)
      same('the word in the other thread', await worker.next(), 15)
      same('the word in this thread', read(memory, 'signal'), 15)
    },
    thread({ instance, read }, memory, port) {
      const joined = instance('shared', { env: { memory } })
      port.on('message', () => joined)
      port.postMessage(read(memory, 'signal'))
    }
  },
  {
    promise: 'two threads with one shared memory both receive a signal',
    async run({ instance, same, sharedMemory, thread, wasmsig }) {
      const memory = sharedMemory()
      const mine = instance('shared', { env: { memory } })
      const worker = thread(memory)
      same('the worker', await worker.next(), 'busy')
      wasmsig.raise('SIGUSR1', mine)
      same('the signal that this thread received', mine.exports.spin(), 10)
      same('the signal that the other thread received', await worker.next(), 10)
    },
    thread({ instance }, memory, port) {
      const { spin } = instance('shared', { env: { memory } }).exports
      port.postMessage('busy')
      port.postMessage(spin())
    }
  },
  {
    promise: 'a worker thread can be terminated inside a section',
    async run({ caught, check, idle, instance, same, thread, wasmsig }) {
      const worker = thread()
      same('the worker', await worker.next(), 'busy')
      await worker.terminate()
      await idle(300)
      const { obey } = instance('signal').exports
      const error = caught(() => new wasmsig.CpuBudget({ hard: 5 }).run(obey))
      check(error instanceof wasmsig.CpuLimitError, 'no limit works any more')
    },
    thread({ loop, wasmsig }, _, port) {
      port.postMessage('busy')
      new wasmsig.CpuBudget({ soft: 200 }).run(loop)
    }
  }
]
