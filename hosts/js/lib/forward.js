// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Forwarding: the process's own signals go to its guests as well.
//
// For each signal this sets an ordinary listener first, so that libuv's
// handler is in place, and then the addon's handler over it, which raises and
// calls libuv's. Listeners of the user that come later change nothing in that:
// libuv installs its handler for the first listener only (uv__signal_start).

const { isMainThread } = require('node:worker_threads')

const native = require('./native.js')
const { forwardError, rangeError, typeError } = require('./errors.js')
const { SIGNALS, signalNumber } = require('./signals.js')

/** Signals whose default is that nothing happens. signal(7). */
const HARMLESS = new Set(['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'])

function checkSignals(signals) {
  const iterable = typeof signals === 'object' && signals !== null
  if (!iterable || typeof signals[Symbol.iterator] !== 'function') {
    throw typeError('signals', 'an iterable of signal names', signals)
  }
  const names = [...new Set(signals)]
  for (const name of names) {
    if (typeof name !== 'string') {
      throw typeError('each of signals', 'a signal name', name)
    }
    signalNumber(name)
  }
  return names
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

/** One forwarded signal. */
class Forwarded {
  constructor(name, insist) {
    this.name = name
    this.number = SIGNALS[name]
    this.listener = () => this.heard()
    try {
      process.on(name, this.listener)
    } catch (error) {
      throw forwardError(`${name} cannot be forwarded: ${error.message}`)
    }
    if (native.forwardStart(this.number, insist) < 0) {
      process.off(name, this.listener)
      throw forwardError(`${name} cannot be forwarded, or is forwarded already`)
    }
  }

  /** The event loop is free: was there anybody at all to hear the signal? */
  heard() {
    if (native.forwardReached(this.number) > 0) return
    if (process.listenerCount(this.name) > 1) return
    if (HARMLESS.has(this.name)) return
    this.stop()
    process.kill(process.pid, this.name)
  }

  stop() {
    native.forwardStop(this.number)
    process.off(this.name, this.listener)
  }
}

function startAll(names, insist) {
  const started = []
  try {
    for (const name of names) started.push(new Forwarded(name, insist))
  } catch (error) {
    for (const forwarded of started) forwarded.stop()
    throw error
  }
  return started
}

function forward(signals, options = {}) {
  const names = checkSignals(signals)
  const insist = checkInsist(options)
  if (!isMainThread) {
    throw forwardError('signals can be forwarded by the main thread only')
  }
  let started = startAll(names, insist)
  const stop = () => {
    for (const forwarded of started) forwarded.stop()
    started = []
  }
  const forwarding = { stop }
  if (Symbol.dispose) forwarding[Symbol.dispose] = stop
  return forwarding
}

module.exports = { forward }
