// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// forward(): checks its arguments and starts each signal (forwarded-signal.js).

const { isEnabled } = require('./enabled.js')
const { forwardError, rangeError, typeError } = require('./errors.js')
const { ForwardedSignal } = require('./forwarded-signal.js')
const { signalNumber } = require('./signals.js')

/** Signals that the system handles itself. signal(7). */
const UNFORWARDABLE = new Set(['SIGKILL', 'SIGSTOP'])

/** An iterable of more names probably has no end. */
const MOST_NAMES = 1000

function checkSignals(signals) {
  const iterable = typeof signals === 'object' && signals !== null
  if (!iterable || typeof signals[Symbol.iterator] !== 'function') {
    throw typeError('signals', 'an iterable of signal names', signals)
  }
  const names = []
  for (const name of signals) {
    if (typeof name !== 'string') {
      throw typeError('each of signals', 'a signal name', name)
    }
    signalNumber(name)
    if (UNFORWARDABLE.has(name)) {
      throw forwardError(
        `no process can handle ${name}, so none can forward it`
      )
    }
    if (names.push(name) > MOST_NAMES) {
      throw rangeError('signals', `at most ${MOST_NAMES} names`, signals)
    }
  }
  return new Set(names)
}

function checkInsist(options) {
  if (typeof options !== 'object' || options === null) {
    throw typeError('options', 'an object', options)
  }
  const { insist } = options
  if (insist === undefined) return 0
  if (typeof insist !== 'number') {
    throw typeError('options.insist', 'a number of deliveries', insist)
  }
  if (!Number.isInteger(insist) || insist < 1 || insist > 2 ** 31 - 1) {
    throw rangeError('options.insist', 'a whole number of at least 1', insist)
  }
  return insist
}

function startAll(names, insist) {
  const started = []
  try {
    for (const name of names) started.push(new ForwardedSignal(name, insist))
  } catch (error) {
    for (const forwarded of started) forwarded.stop()
    throw error
  }
  return started
}

function forward(signals, options = {}) {
  const names = checkSignals(signals)
  const insist = checkInsist(options)
  const { isMainThread } = require('node:worker_threads') // slow to load
  if (!isMainThread) {
    throw forwardError('signals can be forwarded by the main thread only')
  }
  // Where the package is disabled, the process's signals have their own
  // effects.
  let started = isEnabled ? startAll(names, insist) : []
  const stop = () => {
    for (const forwarded of started) forwarded.stop()
    started = []
  }
  const forwarding = { stop }
  if (Symbol.dispose) forwarding[Symbol.dispose] = stop
  return forwarding
}

module.exports = { forward }
