// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Signal names and numbers: Linux x86-64's, on every host. signal(7).

const { typeError, unknownSignalError } = require('./errors.js')

const NAMES = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS'
]
const SIGNAL_MAX = 64

const SIGNALS = Object.freeze(
  Object.fromEntries(NAMES.map((name, index) => [name, index + 1]))
)
const numbers = new Map(Object.entries(SIGNALS))

/** The number of a signal given by name or number; throws if it is neither. */
function signalNumber(signal) {
  if (typeof signal === 'string') {
    const number = numbers.get(signal)
    if (number === undefined) throw unknownSignalError(signal)
    return number
  }
  if (typeof signal !== 'number') {
    throw typeError('a signal', 'a name or a number', signal)
  }
  if (!Number.isInteger(signal) || signal < 1 || signal > SIGNAL_MAX) {
    throw unknownSignalError(signal)
  }
  return signal
}

module.exports = { SIGNALS, SIGNAL_MAX, signalNumber }
