// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Signals that the program itself raises and withdraws. */

export const RAISE = [
  {
    promise: 'raise stores the newest number, and its bit in the pending set',
    run({ instance, read, same, wasmsig }) {
      const made = instance('words')
      wasmsig.raise('SIGINT', made)
      same('the number of signalled instances', wasmsig.raise(64, made), 1)
      same('the signal word', read(made, 'signal'), 64)
      const bits = (1n << 63n) | (1n << 1n)
      same('the pending set', read(made, 'pending'), bits)
    }
  },
  {
    promise: 'raise reaches its targets, or all of the realm, and no others',
    run({ instance, read, same, wasmsig }) {
      const [one, two, three] = [1, 2, 3].map(() => instance('signal'))
      same('one target', wasmsig.raise('SIGTERM', one), 1)
      same('the word of another', read(two, 'signal'), 0)
      same('two targets', wasmsig.raise('SIGUSR1', [two, three]), 2)
      same('the word of the first', read(one, 'signal'), 15)
      same('the realm', wasmsig.raise('SIGHUP'), 3)
    }
  },
  {
    promise: 'clear withdraws pending signals, and counts the instances',
    run({ instance, read, same, wasmsig }) {
      const [one, two] = [instance('words'), instance('words')]
      wasmsig.raise('SIGINT', one)
      same('how many had a pending signal', wasmsig.clear([one, two]), 1)
      same('the signal word', read(one, 'signal'), 0)
      same('the pending set', read(one, 'pending'), 0n)
    }
  },
  {
    promise: 'raise skips an instance that is terminated',
    run({ instance, read, same, wasmsig, write }) {
      const [dead, dying] = [instance('dead'), instance('words')]
      write(dying, 'terminated', 1)
      same('the number of signalled instances', wasmsig.raise('SIGINT'), 0)
      for (const one of [dead, dying]) {
        same('the signal word', read(one, 'signal'), 0)
      }
      write(dying, 'terminated', 0)
      same('how many are no longer terminated', wasmsig.raise('SIGINT'), 1)
    }
  },
  {
    promise: 'the signals have the numbers of Linux x86-64',
    run({ same, wasmsig }) {
      const { SIGINT, SIGKILL, SIGUSR1, SIGTERM, SIGXCPU, SIGSYS } =
        wasmsig.SIGNALS
      const numbers = [SIGINT, SIGKILL, SIGUSR1, SIGTERM, SIGXCPU, SIGSYS]
      same('the numbers', numbers.join(), '2,9,10,15,24,31')
    }
  }
]
