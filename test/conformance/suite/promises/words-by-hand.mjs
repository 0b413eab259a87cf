// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Words that no module exports, and what can be told of a module. */

/** Waits in JavaScript, as an interpreter in a guest would, until it is told. */
function pollUntilTold(words) {
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
  same('what was heard', budget.run(pollUntilTold, words), 24)
  same('how many were told', wasmsig.raise('SIGINT'), 1)
  tracking.untrack()
  tracking.untrack()
  same('how many were told after untrack', wasmsig.raise('SIGTERM'), 0)
  same('the word at last', words[0], 2)
}

/** Takes a signal by a load and then a store of 0, as Pyodide does. */
function checkInterruptBuffer({ same, wasmsig }) {
  const words = new Int32Array(new SharedArrayBuffer(8), 4, 1)
  const tracking = wasmsig.track({ signal: words })
  const { interruptBuffer } = tracking
  wasmsig.raise('SIGINT')
  same('what was read', interruptBuffer[0], 2)
  wasmsig.raise('SIGXCPU')
  interruptBuffer[0] = 0
  same('the signal that came since', interruptBuffer[0], 24)
  interruptBuffer[0] = 0
  same('the word when it was taken', words[0], 0)
  tracking.untrack()
}

export const BY_HAND = [
  {
    promise: 'a word on a SharedArrayBuffer is told (Pyodide with threads)',
    run(host) {
      checkTracked(host, new Uint8Array(new SharedArrayBuffer(8), 4))
    }
  },
  {
    promise: 'a word on an ArrayBuffer is told (Pyodide without)',
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
    promise: 'inspect tells words, memory 0, and why a module is not tracked',
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
      same('whether plain takes no part', plain, true)
      const wrong = reports[3].startsWith('false/not-an-address')
      same('whether not-an-address says so', wrong, true)
    }
  }
]
