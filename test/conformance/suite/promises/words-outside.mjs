// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Words outside of modules, and the report on a module. */

/** Polls in JavaScript until a signal comes, as an interpreter in a guest. */
function pollUntilSignalled(words) {
  for (let i = 0; i < 1e8; i += 1) {
    const signal = Atomics.load(words, 0)
    if (signal) return signal
  }
  return 0
}

function checkTracked({ same, wasmsig }, words) {
  words[0] = 0xff
  const tracking = wasmsig.track({ signal: words })
  same('the word at first', words[0], 0)
  const budget = new wasmsig.CpuBudget({ soft: 20 })
  same(
    'the signal that was received',
    budget.run(pollUntilSignalled, words),
    24
  )
  same('the number of signalled words', wasmsig.raise('SIGINT'), 1)
  tracking.untrack()
  tracking.untrack()
  same(
    'the number of signalled words after untrack',
    wasmsig.raise('SIGTERM'),
    0
  )
  same('the word at last', words[0], 2)
}

/** Takes a signal with a load and then a store of 0, as Pyodide does. */
function checkInterruptBuffer({ same, wasmsig }) {
  const words = new Int32Array(new SharedArrayBuffer(8), 4, 1)
  const tracking = wasmsig.track({ signal: words })
  const { interruptBuffer } = tracking
  wasmsig.raise('SIGINT')
  same('the first signal', interruptBuffer[0], 2)
  wasmsig.raise('SIGXCPU')
  interruptBuffer[0] = 0
  same('the signal that came in between', interruptBuffer[0], 24)
  interruptBuffer[0] = 0
  same('the word when both were taken', words[0], 0)
  tracking.untrack()
}

export const OUTSIDE = [
  {
    promise:
      'a word on a SharedArrayBuffer is signalled (Pyodide with threads)',
    run(host) {
      checkTracked(host, new Uint8Array(new SharedArrayBuffer(8), 4))
    }
  },
  {
    promise: 'a word on an ArrayBuffer is signalled (Pyodide without threads)',
    run(host) {
      checkTracked(host, new Int32Array(16))
    }
  },
  {
    promise: 'interruptBuffer loses no signal between a load and a store',
    run: checkInterruptBuffer
  },
  {
    promise: 'words that cannot be tracked are refused with a code',
    run({ caught, same, wasmsig }) {
      const shared = new SharedArrayBuffer(16)
      const words = new Int32Array(shared, 8, 1)
      wasmsig.track({ signal: words })
      const cases = [
        [{ signal: 5 }, 'ERR_WASMSIG_INVALID_ARG_TYPE'],
        [{ signal: new Uint8Array(shared, 1, 8) }, 'ERR_WASMSIG_OUT_OF_RANGE'],
        [{ signal: new Uint8Array(shared, 0, 2) }, 'ERR_WASMSIG_OUT_OF_RANGE'],
        [{ signal: words }, 'ERR_WASMSIG_OVERLAP']
      ]
      for (const [given, code] of cases) {
        same('the code', caught(() => wasmsig.track(given))?.code, code)
      }
    }
  },
  {
    promise: 'inspect reports words, memory 0, and why a module is not tracked',
    run({ bytes, same, wasmsig }) {
      const reports = ['imported', 'renamed', 'plain', 'not-an-address'].map(
        (name) => {
          const report = wasmsig.inspect(bytes(name))
          const { tracked, reason, words, memory } = report
          const where = memory && [memory.from, memory.name].join(' ')
          return [tracked, reason, words.length, where].join('/')
        }
      )
      same('the report of imported', reports[0], 'true//1/import memory')
      same('the report of renamed', reports[1], 'true//1/export linear')
      const plain = reports[2].startsWith('false/no-words/0')
      same('whether plain is not tracked', plain, true)
      const wrong = reports[3].startsWith('false/not-an-address')
      same('whether not-an-address is the reason', wrong, true)
    }
  }
]
