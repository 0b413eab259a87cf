// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The table's rows, each with the promises that it sums up.
 *
 * A promise is a sentence and a check, run(host), which throws if it is not
 * kept. Besides it may say:
 *
 * anywhere  it needs nothing of the package, so it can be compared elsewhere
 * bare      it is run without install() before it
 * env, flags  what the host is started with; flags by the kind of host
 * program   the program that is run in place of run(host)
 * judge     looks at how the process ended: its status, signal, output
 * thread    what its worker threads run
 */
import { ARGUMENTS } from './promises/arguments.mjs'
import { ASYNC } from './promises/async.mjs'
import { COLLECTED } from './promises/instances.mjs'
import { LIVES_ON, SWALLOWED, UNSAFE } from './promises/kills.mjs'
import { NESTED, STOPPED, TOLD } from './promises/limits.mjs'
import { GROWTH, MEMORY_ZERO } from './promises/memory.mjs'
import { PARITY } from './promises/parity.mjs'
import { RAISE } from './promises/raise.mjs'
import { FORWARDED, THREADS } from './promises/signals.mjs'
import { EXAMPLE, START } from './promises/start.mjs'
import { BY_HAND } from './promises/words-by-hand.mjs'
import { ADDRESSES, WORDS } from './promises/words.mjs'

export const ROWS = [
  ['The words are zeroed when a module is instantiated', WORDS],
  ['Addresses are checked; a module that fails runs untracked', ADDRESSES],
  ['The words are looked for in memory 0, and in no other', MEMORY_ZERO],
  ['raise and clear reach whom they should, not the terminated', RAISE],
  ['A guest is told at its soft limit, in its loop, never early', TOLD],
  ['A call is stopped at its hard limit', STOPPED],
  ['A kill cannot be swallowed', SWALLOWED],
  ['The host lives on after it', LIVES_ON],
  ['Budgets nest', NESTED],
  ["The host's own functions are not torn by a kill", UNSAFE],
  ['Ctrl-C and other signals reach a busy guest', FORWARDED],
  ['Threads and shared memories', THREADS],
  ['Memories that grow, and that may move', GROWTH],
  ['Instances that nobody uses are let go', COLLECTED],
  ['A program notices nothing of the shim', PARITY],
  ['Asynchronous work is charged to its budget', ASYNC],
  ['Words that no module exports (track), inspect', BY_HAND],
  ['Bad input is refused with a typed error', ARGUMENTS],
  ['Ways to start: register, require, environment', START],
  ['The example runs', EXAMPLE]
].map(([row, promises]) => ({ row, promises }))

export const PROMISES = ROWS.flatMap(({ promises }) => promises)

// They are told apart by their sentences.
const sentences = new Set(PROMISES.map(({ promise }) => promise))
if (sentences.size < PROMISES.length)
  throw new Error('a promise is there twice')
