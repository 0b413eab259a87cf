// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// AbortSignals that kill budgets. A signal may live longer than its budgets: it
// holds them weakly, and its listener is removed when the budget is collected.

const { getterOf, uncurry } = require('./primordials.js')

const isPossible = typeof AbortSignal === 'function'
const isAborted = isPossible && getterOf(AbortSignal.prototype, 'aborted')
const listen = isPossible && uncurry(EventTarget.prototype.addEventListener)
const unlisten =
  isPossible && uncurry(EventTarget.prototype.removeEventListener)

const collected = new FinalizationRegistry(({ signal, listener }) =>
  unlisten(signal, 'abort', listener)
)

/** Asks the value's own slots: a proxy of anything is none. */
function isAbortSignal(value) {
  if (!isPossible || typeof value !== 'object' || value === null) return false
  try {
    return isAborted(value) !== undefined
  } catch {
    return false
  }
}

function hasAborted(signal) {
  return signal !== undefined && isAborted(signal)
}

/** Calls kill(budget) when the signal aborts, or now if it has. */
function killOnAbort(budget, signal, kill) {
  if (isAborted(signal)) return kill(budget)
  const weak = new WeakRef(budget)
  const listener = () => {
    const budget = weak.deref()
    // The signal of a reset has replaced this one.
    if (budget && budget.limits.abort === signal) kill(budget)
  }
  listen(signal, 'abort', listener, { once: true })
  collected.register(budget, { signal, listener })
}

module.exports = { hasAborted, isAbortSignal, killOnAbort }
