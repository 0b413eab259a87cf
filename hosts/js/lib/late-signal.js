// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Deno: a signal that was delivered comes to its listeners later.
//
// Deno's handler only wakes a thread of Deno's own. If that thread then finds
// no listener, it ends the process by the signal, although a guest may have
// received it long before. So while such a signal is on its way, a listener
// must stay: after stop(), and when the event loop is empty, because Deno
// removes the listeners before it exits.
//
// A listener of the program may have taken the signal in place of ours, and two
// deliveries may come as one. Then nothing is on its way, and the wait ends
// after DISPATCH_MS.

const { clearTimeout, setTimeout } = require('node:timers') // never mocked

const native = require('./native.js')
const { SIGNALS } = require('./signals.js')

const comesLate = process.versions.deno !== undefined

/** Deno's thread needs far less. */
const DISPATCH_MS = 1000

/** Stays until one signal has come. */
function takeOne(name) {
  const end = () => {
    clearTimeout(timer)
    process.off(name, end)
  }
  const timer = setTimeout(end, DISPATCH_MS)
  process.on(name, end)
}

class LateSignal {
  constructor(name) {
    this.name = name
    this.arrived = 0 // deliveries when the signal came last
    this.wait = undefined
  }

  isOnItsWay() {
    const deliveries = native.forwardDeliveries(SIGNALS[this.name])
    return comesLate && deliveries > this.arrived
  }

  /** Our listener is called. */
  onSignal() {
    this.arrived = native.forwardDeliveries(SIGNALS[this.name])
    clearTimeout(this.wait)
    this.wait = undefined
  }

  /** The process stays alive until our listener is called. */
  onBeforeExit() {
    if (!this.isOnItsWay()) return
    this.wait ??= setTimeout(() => this.onSignal(), DISPATCH_MS)
  }

  /**
   * Before the forwarding stops.
   * @param {boolean} isTaken the program has a listener
   */
  onStop(isTaken) {
    if (!isTaken && this.isOnItsWay()) takeOne(this.name)
    clearTimeout(this.wait)
  }
}

module.exports = { LateSignal, comesLate }
