// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * The host: limits the CPU time of a call, and raises a signal while the guest
 * waits. Exit status 1 if a check fails.
 *
 *     examples/wasm-bindgen/run
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import * as wasmsig from 'wasmsig'

// Before the guest is loaded: wasm-bindgen instantiates it at once.
wasmsig.install()
const guest = createRequire(import.meta.url)(resolve(process.argv[2]))

const few = guest.primes_below(30)
console.log(`the primes below 30: ${few.found.join(' ')}`)
assert.deepEqual([...few.found], [2, 3, 5, 7, 11, 13, 17, 19, 23, 29])
assert.equal(few.signal, undefined)

const budget = new wasmsig.CpuBudget({ soft: 50, hard: 10_000 })
const { found, signal: limit } = budget.run(guest.primes_below, 0xffffffff)
console.log(`received ${limit}: ${found.length} primes in 50 ms of CPU`)
assert.equal(limit, 'SIGXCPU')
assert.ok(budget.used >= 50 && budget.state === 'signalled')
assert.ok(found.length > 10 && found[9] === 29)

const waiting = guest.wait_for_signal()
let turns = 0
const timer = setInterval(() => turns++, 1)
setTimeout(() => wasmsig.raise('SIGUSR1', 'realm'), 50)
const signal = await waiting
clearInterval(timer)
console.log(`received ${signal} while it waited; timers ran meanwhile`)
assert.equal(signal, 'SIGUSR1')
assert.ok(turns > 0)
