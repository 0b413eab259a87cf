// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Calls every function with every value, in any host, and prints outcomes that
 * differ from bad-outcomes.mjs. With `methods`: while built-in methods throw.
 * At the end it prints whether signals still work.
 */
import { install, raise, stats } from 'wasmsig'
import { CALLS } from '../support/bad-calls.mjs'
import { expected } from '../support/bad-outcomes.mjs'
import { VALUES, theirs } from '../support/bad-values.mjs'
import { instantiate } from '../support/guests.mjs'

install()

const { defineProperty } = Object
const CLASSES = {
  ERR_WASMSIG_INVALID_ARG_TYPE: TypeError,
  ERR_WASMSIG_OUT_OF_RANGE: RangeError
}

/** In one word: 'TypeError' alone is the engine's own. */
function outcomeOf(error) {
  if (error === theirs) return 'theirs'
  if (!(error instanceof Error)) return `no error but a ${typeof error}`
  const { code, constructor } = error
  if (typeof code !== 'string' || !code.startsWith('ERR_WASMSIG_')) {
    return code === undefined ? constructor.name : `${code}`
  }
  const expected = CLASSES[code]
  const short = code.slice('ERR_WASMSIG_'.length)
  return expected && constructor !== expected
    ? `${short} of class ${constructor.name}`
    : short
}

async function outcome(call, make) {
  let rejected = ''
  try {
    const result = call(make())
    rejected = 'rejected '
    if (result instanceof Promise) await result
    return 'ok'
  } catch (error) {
    return rejected + outcomeOf(error)
  }
}

/** Outcomes that are not those of the table. */
async function everyCall() {
  for (const [name, call] of Object.entries(CALLS)) {
    for (const [value, make] of Object.entries(VALUES)) {
      const came = await outcome(call, make)
      install()
      tell(`${name} where x is ${value}`, came, [expected(name, value)])
    }
  }
}

/** The same while a built-in method throws: any outcome without a crash. */
async function everyMethodBroken() {
  const values = ['object', 'array', 'SIGUSR2', 'instance', 'shared word']
  for (const [what, object, method] of METHODS) {
    for (const [name, call] of Object.entries(CALLS)) {
      for (const value of values) {
        const made = VALUES[value]()
        const came = await broken(object, method, () =>
          outcome(call, () => made)
        )
        const typed = /^(rejected )?([A-Z_]+|theirs|\w+Error)$|^ok$/.test(came)
        tell(`${name} with ${value} without ${what}`, came, [typed && came])
      }
    }
    install()
  }
}

/** The method throws only while the call itself runs. */
async function broken(object, name, action) {
  const descriptor = Object.getOwnPropertyDescriptor(object, name)
  const value = () => {
    throw theirs
  }
  let pending
  defineProperty(object, name, { ...descriptor, value })
  try {
    pending = action()
  } finally {
    defineProperty(object, name, descriptor)
  }
  return pending
}

const METHODS = [
  ['Array iteration', Array.prototype, Symbol.iterator],
  ['Array.prototype.map', Array.prototype, 'map'],
  ['Array.prototype.filter', Array.prototype, 'filter'],
  ['Array.prototype.push', Array.prototype, 'push'],
  ['Array.prototype.includes', Array.prototype, 'includes'],
  ['Array.prototype.reduce', Array.prototype, 'reduce'],
  ['Set.prototype.add', Set.prototype, 'add'],
  ['Set.prototype.has', Set.prototype, 'has'],
  ['Map.prototype.get', Map.prototype, 'get'],
  ['Map.prototype.set', Map.prototype, 'set'],
  ['WeakMap.prototype.get', WeakMap.prototype, 'get'],
  ['WeakMap.prototype.set', WeakMap.prototype, 'set'],
  ['Promise.prototype.then', Promise.prototype, 'then'],
  ['Function.prototype.call', Function.prototype, 'call'],
  ['Function.prototype.bind', Function.prototype, 'bind'],
  ['Object.defineProperty', Object, 'defineProperty'],
  ['Number.isInteger', Number, 'isInteger']
]

let calls = 0
let unexpected = 0

function tell(what, came, allowed) {
  calls += 1
  if (allowed.includes(came)) return
  unexpected += 1
  console.log(`${what}: ${came}, not ${allowed.join(' or ')}`)
}

const [mode = 'values'] = process.argv.slice(2)
await { values: everyCall, methods: everyMethodBroken }[mode]()

const instance = instantiate()
const works = raise('SIGINT', instance) === 1 && stats().tracked.FIXED > 0
console.log(
  `${unexpected} of ${calls} unexpected, ${works ? '' : 'not '}working`
)
process.exit(unexpected === 0 && works ? 0 : 1)
