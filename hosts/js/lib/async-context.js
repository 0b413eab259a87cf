// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Budgets of asynchronous work: async_hooks reports when the event loop or a
// promise resumes something, and AsyncLocalStorage shows to which runAsync that
// belongs.
//
// A token represents one call of runAsync. Everything that its function starts
// inherits the token's context; a token made in the context of another one that
// is alive is charged to both. Hooks slow down every promise of the thread, so
// they are on only while a token is alive: until its promise has settled. Work
// after that is not charged.
//
// No hook reports a guest that WebAssembly's JSPI resumes. The guest waited for
// a promise that an import returned, and V8 resumes it in a reaction to that
// promise. `noteSuspension` has reacted to the same promise just before;
// nothing runs between the two reactions. So the first reaction enters the
// sections in which the guest then runs, the `resumed` ones. No hook reports
// when the guest stops. The sections are left as long as a hook reports that
// something else runs (the guest may have called it, so they are entered again
// after that), and for good by a microtask that was queued when the guest was
// resumed.

const { AsyncLocalStorage, createHook } = require('node:async_hooks')

const { clearTimeout, setImmediate, setTimeout } = require('node:timers')

// Code that may run after a kill uses nothing that the killed code can replace:
// that would run on in a replaced function, outside of its section.

const native = require('./native.js')
const {
  Promise,
  apply,
  defineProperty,
  then,
  uncurry
} = require('./primordials.js')
const { asyncContextError } = require('./errors.js')
const { charged } = require('./promise-warning.js')
const { limitError, runSection } = require('./section.js')
const { listener } = require('./suspensions.js')

const isPossible = native.canKill() // hosts that export V8: Node
const tokens = isPossible ? new AsyncLocalStorage() : undefined
const getStore = uncurry(AsyncLocalStorage.prototype.getStore)
const resolved = Promise.resolve()
let alive // the first of the tokens that are alive, a list
let made = 0

/** Rejects every call of runAsync on the budget. */
function rejectAll({ budget }) {
  for (let token = alive, next; token; token = next) {
    next = token.next
    if (token.budget === budget) token.reject(limitError(budget))
  }
}

// ---------------------------------------------------- in a trace: its waits

function endWait(token) {
  if (token.waits) token.waits = native.traceWait(token.number, false)
}

function noteRunning(token) {
  token.running++
  endWait(token)
}

/** The call of runAsync itself, or something that it has started, has ended. */
function noteLeft(token) {
  if (token.running > 0) token.running--
  if (!token.isAlive || token.waits || token.running > 0) return
  token.waits = native.traceWait(token.number, true)
}

/** Sections for the token and those around it, the outermost first. */
function enter({ around }) {
  for (let at = 0; at < around.length; at++) {
    const token = around[at]
    if (!token.isAlive) continue
    if (native.isTraced) noteRunning(token)
    if (native.enterAsync(token.budget.handle, token.number)) rejectAll(token)
  }
}

/** The innermost first. A section that was not entered is not left. */
function leave({ around }) {
  for (let at = around.length - 1; at >= 0; at--) {
    if (native.leaveAsync(around[at].number)) rejectAll(around[at])
    if (native.isTraced) noteLeft(around[at])
  }
}

/** The guest that was resumed last: { token, scopes }; undefined if none. */
let resumed

const hook =
  isPossible &&
  createHook({
    before() {
      if (resumed && resumed.scopes++ === 0) leave(resumed.token)
      const token = getStore(tokens)
      if (token) enter(token)
    },
    after() {
      const token = getStore(tokens)
      if (token) leave(token)
      if (resumed?.scopes > 0 && --resumed.scopes === 0) enter(resumed.token)
    }
  })

const { enable, disable } = hook || {}

/** Runs in the scope of a reaction, whose end leaves what its start entered. */
function resume(token) {
  if (!token.isAlive) return
  const guest = (resumed = { token, scopes: 0 })
  enter(token)
  then(resolved, () => {
    if (resumed === guest) resumed = undefined
  })
}

/** An import returns this promise to a guest that may wait for it. */
function noteSuspension(promise) {
  if (!alive) return
  const token = getStore(tokens)
  if (!token?.isAlive) return
  const resumes = () => resume(token)
  then(promise, resumes, resumes)
}

if (isPossible) {
  listener.note = noteSuspension
  charged.by = (budget) => isCharged(getStore(tokens)?.around ?? [], budget)
}

/**
 * The wall limit may have passed while nothing ran. If it has not, it is checked
 * again: a timer may be early by the age of the event loop's clock, and a reset
 * sets a new limit.
 */
function checkWall(token) {
  const { budget } = token
  if (native.isSpent(budget.handle)) rejectAll({ budget })
  if (token.isAlive) token.timer = setTimeout(checkWall, 1, token)
}

/** Ends the wait of runAsync; a later timer than the core's, never an earlier. */
function startWallTimer(token) {
  const { wall } = token.budget.limits
  if (wall === undefined) return undefined
  return setTimeout(
    checkWall,
    Math.min(Math.ceil(wall) + 1, 2 ** 31 - 1),
    token
  )
}

function isCharged(around, budget) {
  for (let at = 0; at < around.length; at++) {
    if (around[at].budget === budget && around[at].isAlive) return true
  }
  return false
}

function begin(token) {
  if (!alive) apply(enable, hook, [])
  token.isAlive = true
  token.next = alive
  if (alive) alive.previous = token
  alive = token
}

function disableIfIdle() {
  if (!alive) apply(disable, hook, [])
}

/** Hooks must stay on between a `before` and its `after`. */
function end(token) {
  if (!token.isAlive) return
  token.isAlive = false
  if (native.isTraced) endWait(token)
  if (token.next) token.next.previous = token.previous
  if (token.previous) token.previous.next = token.next
  else alive = token.next
  if (!alive) setImmediate(disableIfIdle)
}

function tokenOf(budget) {
  const token = {
    budget,
    number: ++made,
    around: undefined,
    reject: undefined,
    timer: undefined, // of the wall limit
    isAlive: false,
    running: 0, // sections that it is in, apart from the first
    waits: false, // in the trace
    next: undefined,
    previous: undefined
  }
  token.around = aliveAround(token)
  return token
}

/** The tokens around it that are alive, the outermost first; then itself. */
function aliveAround(token) {
  const outer = getStore(tokens)?.around ?? []
  const around = []
  for (let at = 0; at < outer.length; at++) {
    if (outer[at].isAlive) append(around, outer[at])
  }
  append(around, token)
  return around
}

/** Calls no setter that Array.prototype may have. */
function append(list, value) {
  defineProperty(list, list.length, {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true
  })
}

/** fn() in a context that is charged to `budget`: { handle, limits }. */
function runInContext(budget, fn) {
  if (!isPossible) throw asyncContextError()
  return new Promise((resolve, reject) => {
    const token = tokenOf(budget)
    token.timer = startWallTimer(token)
    token.reject = (error) => {
      clearTimeout(token.timer)
      end(token)
      reject(error)
    }
    begin(token)
    const call = async () => fn() // a thenable runs in the context as well
    try {
      const running = tokens.run(token, runSection, budget, call, undefined, [])
      const done = (value) => {
        clearTimeout(token.timer)
        end(token)
        resolve(value)
      }
      if (native.isTraced) noteLeft(token)
      then(running, done, token.reject)
    } catch (error) {
      token.reject(error)
    }
  })
}

module.exports = { isPossible, rejectAll, runInContext }
