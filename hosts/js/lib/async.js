// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Budgets of asynchronous work: async_hooks says when the event loop or a
// promise goes on with something, and AsyncLocalStorage whose that is.
//
// A token stands for one runAsync. Its context is inherited by all that its
// function starts; a token made in the context of another that is alive is
// charged to both.
// Hooks cost every promise of the thread, so they are on only while a token is
// alive: until its promise has settled. What goes on after that is charged
// nothing.
//
// A guest that WebAssembly's JSPI resumes is seen by no hook. What it waited for
// was a promise that an import returned, and V8 resumes it in a reaction to that
// promise. `noteSuspension` has reacted to the same promise just before: the two
// follow each other with nothing between. So that first reaction enters the
// sections in which the guest then runs, the `resumed` ones. Nobody says when it
// stops. They are left for as long as a hook says that something else runs
// (which a guest may have called, so they are entered again after that), and for
// good by a microtask that was queued when the guest was resumed.

const { AsyncLocalStorage, createHook } = require('node:async_hooks')

const native = require('./native.js')
const { then } = require('./captured.js')
const { asyncContextError } = require('./errors.js')
const { charged } = require('./not-limited.js')
const { limitError, runSection } = require('./section.js')
const { listener } = require('./suspensions.js')

const isPossible = native.canKill() // hosts that export V8: Node
const tokens = isPossible ? new AsyncLocalStorage() : undefined
const alive = new Set()
const resolved = Promise.resolve()
let made = 0

/** Rejects all that runs on the budget of `token`. */
function killed({ budget }) {
  for (const token of [...alive]) {
    if (token.budget === budget) token.reject(limitError(budget))
  }
}

/** Sections for the token and those around it, the outermost first. */
function enter({ around }) {
  for (const token of around) {
    if (!alive.has(token)) continue
    if (native.enterAsync(token.budget.handle, token.number)) killed(token)
  }
}

/** The innermost first. A section that was not entered is not left. */
function leave({ around }) {
  for (let at = around.length - 1; at >= 0; at--) {
    if (native.leaveAsync(around[at].number)) killed(around[at])
  }
}

/** Of the guest that was resumed last: { token, scopes }; undefined if none. */
let resumed

const hook =
  isPossible &&
  createHook({
    before() {
      if (resumed && resumed.scopes++ === 0) leave(resumed.token)
      const token = tokens.getStore()
      if (token) enter(token)
    },
    after() {
      const token = tokens.getStore()
      if (token) leave(token)
      if (resumed?.scopes > 0 && --resumed.scopes === 0) enter(resumed.token)
    }
  })

/** Within the scope of a reaction, whose end leaves what its start entered. */
function resume(token) {
  if (!alive.has(token)) return
  const guest = (resumed = { token, scopes: 0 })
  enter(token)
  then(resolved, () => {
    if (resumed === guest) resumed = undefined
  })
}

/** An import returns this to a guest that waits for it then. */
function noteSuspension(promise) {
  if (alive.size === 0) return
  const token = tokens.getStore()
  if (!token || !alive.has(token)) return
  const resumes = () => resume(token)
  then(promise, resumes, resumes)
}

if (isPossible) {
  listener.note = noteSuspension
  charged.by = (budget) =>
    tokens
      .getStore()
      ?.around.some((token) => token.budget === budget && alive.has(token)) ??
    false
}

function begin(token) {
  if (alive.size === 0) hook.enable()
  alive.add(token)
}

function disableIfIdle() {
  if (alive.size === 0) hook.disable()
}

/** Between a `before` and its `after` hooks must stay on. */
function end(token) {
  if (alive.delete(token) && alive.size === 0) setImmediate(disableIfIdle)
}

/** fn() in a context that is charged to `budget`: { handle, limits }. */
function runInContext(budget, fn) {
  if (!isPossible) throw asyncContextError()
  return new Promise((resolve, reject) => {
    const outer = tokens.getStore()?.around ?? []
    const token = { budget, number: ++made }
    token.around = [...outer.filter((each) => alive.has(each)), token]
    token.reject = (error) => {
      end(token)
      reject(error)
    }
    begin(token)
    const call = async () => fn() // a thenable is asked in the context as well
    try {
      tokens
        .run(token, runSection, budget, call, undefined, [])
        .then((value) => {
          end(token)
          resolve(value)
        }, token.reject)
    } catch (error) {
      token.reject(error)
    }
  })
}

module.exports = { isPossible, runInContext }
