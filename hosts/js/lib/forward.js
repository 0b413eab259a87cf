// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Forwarding: the process's own signals go to its guests as well.
//
// For each signal this sets an ordinary listener first, our holder, so that the
// host's handler is in place (in Node libuv's), and then the addon's over it,
// which raises and calls the host's. The host takes its handler away, and ours
// with it, when the last listener goes (stopListeningIfSignal in Node). So our
// holder is there whenever no other listener is: it comes in the event that
// tells of the last one's removal, before the host looks how many there are.
// Beside other listeners it goes: some programs count them, and leave to others
// what nobody then does (npm package signal-exit).
//
// Where no other listener is, the addon's handler ends the process by itself when
// no guest handles the signal: a busy guest keeps the event loop, and so our
// holder, from running. Where other listeners are told of, it knows when there is
// none.
//
// Node's `vm` takes all listeners for SIGINT away while a script runs that the
// signal breaks, puts a handler of its own in, leaves its default one behind, and
// adds the listeners again: then ours is put back. Its REPL puts in that handler
// and touches no listener. So where there may be one, ours is looked for now and
// then.
//
// Bun emits no such events for `process`: there our holder always stays, and
// forwarding ends with it when somebody removes all listeners.

const { clearInterval, setInterval } = require('node:timers') // never faked ones

const native = require('./native.js')
const { forwardError, rangeError, typeError } = require('./errors.js')
const { SIGNALS, signalNumber } = require('./signals.js')
const { isOff } = require('./enabled.js')

/** Signals whose default is that nothing happens. signal(7). */
const HARMLESS = new Set(['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'])

/** What Node's vm and REPL handle, and how often the latter is looked after. */
const BREAKS = 'SIGINT'
const REPL_MS = 250

/** Signals that the system handles itself. signal(7). */
const UNFORWARDABLE = new Set(['SIGKILL', 'SIGSTOP'])

/** Who passes more has an iterator that does not end. */
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

// ------------------------------------------------------ listeners of others

/** name -> the Forwarded that is running */
const running = new Map()

/** Whether `process` tells of listeners that are removed. */
let tells

function findOutWhatIsTold() {
  const probe = Symbol('wasmsig')
  const note = (name) => (tells ||= name === probe)
  tells = false
  process.on('removeListener', note)
  process.on(probe, note)
  process.off(probe, note)
  process.off('removeListener', note)
}

function onNewListener(name, listener) {
  running.get(name)?.added(listener)
}

function onRemoveListener(name) {
  running.get(name)?.removed()
}

function watch() {
  process.on('newListener', onNewListener)
  process.prependListener('removeListener', onRemoveListener)
}

function unwatch() {
  process.off('newListener', onNewListener)
  process.off('removeListener', onRemoveListener)
}

/** Somebody may have removed all listeners of `process`, ours too. */
function watchStill() {
  if (process.listeners('removeListener').includes(onRemoveListener)) return
  unwatch()
  watch()
}

/** Whether somebody may type lines for Node to evaluate. */
function mayBeRepl() {
  if (process.release?.name !== 'node' || process.versions.bun) return false
  const asked = process.execArgv.some((one) => /^(-i|--interactive)$/.test(one))
  return asked || require('node:tty').isatty(0)
}

/** Functions that are or were holders: vm adds again what it took away. */
const holders = new WeakSet()

/** One forwarded signal. */
class Forwarded {
  constructor(name, insist) {
    this.name = name
    this.number = SIGNALS[name]
    this.renew()
    this.listenedFrom = 0 // the delivery since which others listen
    this.listened = this.others().length > 0
    this.begin(insist)
    this.lookAfter = undefined
    if (name === BREAKS && mayBeRepl()) {
      this.lookAfter = setInterval(() => this.mend(), REPL_MS)
      this.lookAfter.unref?.()
    }
    if (tells === undefined) findOutWhatIsTold()
    if (running.size === 0) watch()
    running.set(name, this)
    this.tellListened(this.listened)
    this.settle()
  }

  /** Where nobody tells us of listeners, there may be one. */
  tellListened(whether) {
    native.forwardListened(this.number, whether || !tells)
  }

  mend() {
    native.forwardMend(this.number)
  }

  /** A function of its own each time: Deno would remove a new one as the old. */
  renew() {
    this.holder = () => this.heard()
    holders.add(this.holder)
  }

  begin(insist) {
    const { name, holder } = this
    if (running.has(name)) throw forwardError(`${name} is forwarded already`)
    try {
      process.on(name, holder)
    } catch (error) {
      throw forwardError(`${name} cannot be forwarded: ${error.message}`)
    }
    if (native.forwardStart(this.number, insist) < 0) {
      process.off(name, holder)
      throw forwardError(`${name} cannot be forwarded, or is forwarded already`)
    }
  }

  holders() {
    return process.listeners(this.name).filter((one) => holders.has(one))
  }

  others() {
    return process.listeners(this.name).filter((one) => !holders.has(one))
  }

  /** Somebody's listener is about to be added. */
  added(listener) {
    this.mend()
    if (listener === this.holder) return
    process.nextTick(() => this.settle())
    if (holders.has(listener)) return
    if (this.others().length === 0) {
      this.listenedFrom = native.forwardDeliveries(this.number)
      native.forwardLastWord(this.number, false)
    }
    this.listened = true
    this.tellListened(true)
  }

  /** A listener has been removed: ours or another's. */
  removed() {
    if (process.listenerCount(this.name) === 0) {
      this.renew()
      process.on(this.name, this.holder)
      process.nextTick(() => this.settle())
    }
    if (this.listened && this.others().length === 0) this.left()
  }

  /** Those who have heard it have gone: if the process sends it now, it means
   * to die of it. */
  left() {
    this.listened = false
    this.tellListened(false)
    const heard = native.forwardDeliveries(this.number) > this.listenedFrom
    const whether = heard && !HARMLESS.has(this.name)
    native.forwardLastWord(this.number, whether)
  }

  /** Our holder is there if nobody else is. */
  settle() {
    if (!tells || running.get(this.name) !== this) return
    watchStill()
    this.mend()
    const listeners = process.listeners(this.name)
    const ours = this.holders()
    const isNeeded = ours.length === listeners.length
    if (isNeeded && !ours.includes(this.holder)) {
      process.on(this.name, this.holder)
    }
    for (const one of ours) {
      if (one !== this.holder || !isNeeded) process.off(this.name, one)
    }
  }

  /** The event loop is free: was there anybody at all to hear the signal? */
  heard() {
    if (this.others().length > 0) return
    if (HARMLESS.has(this.name)) return
    const meant = !tells && this.listened && this.isMeant()
    if (!meant && !native.forwardIsDue(this.number)) return
    this.stop()
    native.dieOf(this.number)
  }

  /** Where nobody tells: had those gone who sent it? */
  isMeant() {
    const again = native.forwardDeliveries(this.number) > this.listenedFrom + 1
    if (again && native.forwardIsOwn(this.number)) return true
    this.left()
    return false
  }

  stop() {
    if (running.get(this.name) !== this) return
    running.delete(this.name)
    if (running.size === 0) unwatch()
    clearInterval(this.lookAfter)
    native.forwardStop(this.number)
    for (const one of this.holders()) process.off(this.name, one)
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
  const { isMainThread } = require('node:worker_threads') // slow to load
  if (!isMainThread) {
    throw forwardError('signals can be forwarded by the main thread only')
  }
  // Where the package is switched off nobody would end the process of it.
  let started = isOff ? [] : startAll(names, insist)
  const stop = () => {
    for (const forwarded of started) forwarded.stop()
    started = []
  }
  const forwarding = { stop }
  if (Symbol.dispose) forwarding[Symbol.dispose] = stop
  return forwarding
}

module.exports = { forward }
