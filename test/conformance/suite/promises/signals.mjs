// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The process's own signals, and those between threads. */

/** Forwards, is busy until a signal comes from outside, gives what was heard. */
function busyUntilTold({ instance, signalSoon, wasmsig }, name) {
  const { exports } = instance('signal')
  const forwarding = wasmsig.forward([name])
  const sent = signalSoon(name)
  const heard = exports.spin()
  return { heard, forwarding, sent }
}

export const FORWARDED = [
  {
    promise: 'Ctrl-C reaches a guest that is busy, and the process lives',
    async run(host) {
      const { heard, forwarding, sent } = busyUntilTold(host, 'SIGINT')
      host.same('what the guest heard', heard, 2)
      await sent
      await host.idle()
      forwarding.stop()
    }
  },
  {
    promise: 'SIGTERM reaches it as well',
    run(host) {
      const { heard } = busyUntilTold(host, 'SIGTERM')
      host.same('what the guest heard', heard, 15)
    }
  },
  {
    promise: "the program's own listener still runs when the loop is free",
    async run(host) {
      const order = []
      process.on('SIGINT', () => order.push('listener'))
      const { heard, sent } = busyUntilTold(host, 'SIGINT')
      order.push('guest')
      await sent
      await host.idle()
      host.same('what the guest heard', heard, 2)
      host.same('what ran', order.join(), 'guest,listener')
    }
  },
  {
    promise: 'a busy guest of a worker thread hears Ctrl-C',
    async run(host) {
      const { same, signalSoon, thread, wasmsig } = host
      wasmsig.forward(['SIGINT'])
      const worker = thread()
      same('the worker', await worker.next(), 'busy')
      await signalSoon('SIGINT')
      same('what the guest heard', await worker.next(), 2)
    },
    thread({ instance }, _, port) {
      const { spin } = instance('signal').exports
      port.postMessage('busy')
      port.postMessage(spin())
    }
  },
  {
    promise: 'a signal that nobody can hear ends the process',
    async run({ idle, say, signalSoon, wasmsig }) {
      wasmsig.forward(['SIGINT'])
      await signalSoon('SIGINT')
      await idle(3000)
      say('alive')
    },
    judge({ signal, stdout }, { check, same }) {
      check(!stdout.includes('alive'), 'the process lived on')
      same('the signal that ended it', signal, 'SIGINT')
    }
  },
  {
    promise: 'with insist, the second signal that nobody answers ends it',
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
    promise: 'with insist, a guest that answers each signal goes on',
    run({ instance, same, signalSoon, wasmsig }) {
      const { answer } = instance('signal').exports
      wasmsig.forward(['SIGINT'], { insist: 2 })
      signalSoon('SIGINT', 50)
      same('the last of four that it heard', answer(4), 2)
    }
  },
  {
    promise: 'stop() gives the signal back',
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
      same('how many were told', wasmsig.raise('SIGUSR1', 'process'), 1)
      same('what the guest heard', await worker.next(), 10)
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
      same('how many the worker told', await worker.next(), 1)
      same('the word of this thread', read(mine, 'signal'), 0)
      same('how many this thread told', wasmsig.raise('SIGINT'), 1)
    },
    thread({ instance, wasmsig }, _, port) {
      const mine = instance('signal')
      const told = wasmsig.raise('SIGINT')
      port.on('message', () => mine)
      port.postMessage(told)
    }
  },
  {
    promise: 'a thread of its own has limits of its own',
    async run({ same, thread }) {
      const worker = thread()
      const result = await worker.next()
      same('what the worker saw', result, '24,ERR_WASMSIG_CPU_LIMIT,0')
    },
    thread({ caught, instance, wasmsig }, _, port) {
      const { obey, spin, work } = instance('signal').exports
      const told = new wasmsig.CpuBudget({ soft: 20 }).run(spin)
      const budget = new wasmsig.CpuBudget({ hard: 20 })
      const code = caught(() => budget.run(obey))?.code
      port.postMessage([told, code, work(10)].join())
    }
  },
  {
    promise: 'a pending signal is not lost when another thread joins',
    async run({ instance, read, same, sharedMemory, thread, wasmsig }) {
      const memory = sharedMemory()
      const first = instance('shared', { env: { memory } })
      same('how many were told', wasmsig.raise('SIGTERM', first), 1)
      const worker = thread(memory)
      same('what the other thread reads', await worker.next(), 15)
      same('what this one reads', read(memory, 'signal'), 15)
    },
    thread({ instance, read }, memory, port) {
      const joined = instance('shared', { env: { memory } })
      port.on('message', () => joined)
      port.postMessage(read(memory, 'signal'))
    }
  },
  {
    promise: 'two threads in one shared memory both hear a signal',
    async run({ instance, same, sharedMemory, thread, wasmsig }) {
      const memory = sharedMemory()
      const mine = instance('shared', { env: { memory } })
      const worker = thread(memory)
      same('the worker', await worker.next(), 'busy')
      wasmsig.raise('SIGUSR1', mine)
      same('what this thread heard', mine.exports.spin(), 10)
      same('what the other one heard', await worker.next(), 10)
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
      check(error instanceof wasmsig.CpuLimitError, 'no limit holds any more')
    },
    thread({ loop, wasmsig }, _, port) {
      port.postMessage('busy')
      new wasmsig.CpuBudget({ soft: 200 }).run(loop)
    }
  }
]
