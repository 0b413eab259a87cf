// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// A signal word for code that takes a signal by a load and then a store of 0,
// as Pyodide does (_Py_CheckEmscriptenSignals_Helper, in CPython's
// Python/emscripten_signal.c). On a plain typed array, a signal that arrives
// between the two is lost: some 20 to 45 of 1,000 that another thread raised
// while Python looped (test/js/programs/pyodide-storm.mjs --typed-array).
//
// Why it is correct: the store replaces only the value that the load has read.
// If another signal has arrived since, the exchange fails and the word keeps
// it. If the same signal has arrived again, the two count as one, as a standard
// signal that is already pending (POSIX, XSH 2.4.1). Only the thread of the
// word has this object.

const { Int32Array } = require('./primordials.js')
const { SIGNAL_MAX, signalNumber } = require('./signals.js')

const { load, store, compareExchange } = Atomics

class InterruptBuffer {
  #word
  #seen = 0

  constructor(buffer, offset) {
    this.#word = new Int32Array(buffer, offset, 1)
  }

  get 0() {
    const value = load(this.#word, 0)
    this.#seen = value >= 1 && value <= SIGNAL_MAX ? value : 0
    return this.#seen
  }

  set 0(value) {
    if (value !== 0) store(this.#word, 0, signalNumber(value))
    else if (this.#seen !== 0) compareExchange(this.#word, 0, this.#seen, 0)
    this.#seen = 0
  }
}

module.exports = { InterruptBuffer }
