// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// One of the process's own signals that goes to its guests as well.
//
// This first sets an ordinary listener, the holder, so that the host's handler
// is installed (in Node libuv's). Then it installs the addon's handler over
// that, which raises the signal and calls the host's handler. The host removes
// its handler, and ours with it, when the last listener is removed
// (stopListeningIfSignal in Node). So the holder is there whenever no other
// listener is: it is added in the event that reports the removal of the last
// one, before the host counts the listeners. Beside other listeners it is
// removed: some programs count listeners, and do nothing themselves if there
// are others (npm package signal-exit).
//
// Where there is no other listener, the addon's handler itself ends the process
// when no guest handles the signal: a busy guest blocks the event loop, and so
// the holder. Where the host reports other listeners, the addon knows when
// there is none.
//
// Node's `vm` removes all listeners of SIGINT while a script runs that the
// signal breaks, installs a handler of its own, leaves its default one behind,
// and adds the listeners again: then ours is restored. Its REPL installs that
// handler and touches no listener. So where there may be a REPL, a timer
// restores ours now and then.
//
// Bun emits no such events for `process`: there the holder always stays, and
// forwarding ends with it when a program removes all listeners.

const { clearInterval, setInterval } = require('node:timers') // never mocked

const { forwardError } = require('./errors.js')
const { LateSignal, comesLate } = require('./late-signal.js')
const native = require('./native.js')
const { SIGNALS } = require('./signals.js')

/** Signals whose default action is to do nothing. signal(7). */
const HARMLESS = new Set(['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'])

/** The signal that Node's vm and REPL handle. */
const BREAK_SIGNAL = 'SIGINT'
const RESTORE_MS = 250

// --------------------------------------------------------- events of `process`

/** name -> the ForwardedSignal */
const forwarded = new Map()

/** Whether `process` emits events about its listeners; undefined: not known. */
let emitsEvents

function findOutEvents() {
  const probe = Symbol('wasmsig')
  const note = (name) => (emitsEvents ||= name === probe)
  emitsEvents = false
  process.on('removeListener', note)
  process.on(probe, note)
  process.off(probe, note)
  process.off('removeListener', note)
}

function onNewListener(name, listener) {
  forwarded.get(name)?.onAdd(listener)
}

function onRemoveListener(name) {
  forwarded.get(name)?.onRemoved()
}

/** The event loop is empty. */
function onBeforeExit() {
  for (const signal of forwarded.values()) signal.onBeforeExit()
}

function watch() {
  if (comesLate) process.on('beforeExit', onBeforeExit)
  process.on('newListener', onNewListener)
  process.prependListener('removeListener', onRemoveListener)
}

function unwatch() {
  process.off('beforeExit', onBeforeExit)
  process.off('newListener', onNewListener)
  process.off('removeListener', onRemoveListener)
}

/** A program may have removed all listeners of `process`, ours too. */
function keepWatching() {
  if (process.listeners('removeListener').includes(onRemoveListener)) return
  unwatch()
  watch()
}

/** Whether a user may type lines that Node evaluates. */
function mayBeRepl() {
  if (process.release?.name !== 'node' || process.versions.bun) return false
  const isForced = process.execArgv.some((one) =>
    /^(-i|--interactive)$/.test(one)
  )
  return isForced || require('node:tty').isatty(0)
}

// ------------------------------------------------------------------ a signal

/** Functions that are or were holders: vm adds again what it has removed. */
const holders = new WeakSet()

class ForwardedSignal {
  constructor(name, insist) {
    this.name = name
    this.number = SIGNALS[name]
    this.makeHolder()
    this.late = new LateSignal(name)
    this.listenedFrom = 0 // the delivery since which there are other listeners
    this.isListened = this.others().length > 0
    this.start(insist)
    this.restorer = undefined
    if (name === BREAK_SIGNAL && mayBeRepl()) {
      this.restorer = setInterval(() => this.restore(), RESTORE_MS)
      this.restorer.unref?.()
    }
    if (emitsEvents === undefined) findOutEvents()
    if (forwarded.size === 0) watch()
    forwarded.set(name, this)
    this.setHasListener(this.isListened)
    this.settle()
  }

  /** Without events, there may be a listener. */
  setHasListener(whether) {
    native.forwardHasListener(this.number, whether || !emitsEvents)
  }

  restore() {
    native.forwardRestore(this.number)
  }

  /** A new function each time: Deno would remove a new one as the old one. */
  makeHolder() {
    this.holder = () => this.onSignal()
    holders.add(this.holder)
  }

  start(insist) {
    const { name, holder } = this
    if (forwarded.has(name)) throw forwardError(`${name} is forwarded already`)
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

  /** A listener will be added: ours or another one. */
  onAdd(listener) {
    this.restore()
    if (listener === this.holder) return
    process.nextTick(() => this.settle())
    if (holders.has(listener)) return
    if (this.others().length === 0) {
      this.listenedFrom = native.forwardDeliveries(this.number)
      native.forwardEndsByOwn(this.number, false)
    }
    this.isListened = true
    this.setHasListener(true)
  }

  /** A listener has been removed: ours or another one. */
  onRemoved() {
    if (process.listenerCount(this.name) === 0) {
      this.makeHolder()
      process.on(this.name, this.holder)
      process.nextTick(() => this.settle())
    }
    if (this.isListened && this.others().length === 0) this.onLastRemoved()
  }

  /**
   * The last of the other listeners has been removed. If they have received the
   * signal, and the process sends it to itself now, it is meant to end by it.
   */
  onLastRemoved() {
    this.isListened = false
    this.setHasListener(false)
    const isReceived = native.forwardDeliveries(this.number) > this.listenedFrom
    const whether = isReceived && !HARMLESS.has(this.name)
    native.forwardEndsByOwn(this.number, whether)
  }

  /** The holder is there exactly if there is no other listener. */
  settle() {
    if (!emitsEvents || forwarded.get(this.name) !== this) return
    keepWatching()
    this.restore()
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

  /** The holder runs: the event loop is free. Ends the process if it must. */
  onSignal() {
    this.late.onSignal()
    if (this.others().length > 0) return
    if (HARMLESS.has(this.name)) return
    const isMeant = !emitsEvents && this.isListened && this.isMeantToEnd()
    if (!isMeant && !native.forwardIsDue(this.number)) return
    this.stop()
    native.takeDefaultAction(this.number)
  }

  /** Without events: whether the process sent itself the signal to end by it. */
  isMeantToEnd() {
    const again = native.forwardDeliveries(this.number) > this.listenedFrom + 1
    if (again && native.forwardIsOwn(this.number)) return true
    this.onLastRemoved()
    return false
  }

  onBeforeExit() {
    if (this.others().length === 0) this.late.onBeforeExit()
  }

  stop() {
    if (forwarded.get(this.name) !== this) return
    forwarded.delete(this.name)
    if (forwarded.size === 0) unwatch()
    clearInterval(this.restorer)
    const isTaken = this.others().length > 0
    this.late.onStop(isTaken)
    native.forwardStop(this.number)
    for (const one of this.holders()) process.off(this.name, one)
  }
}

module.exports = { ForwardedSignal }
