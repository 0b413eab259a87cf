// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The table's rows, each with the promises that it summarises.
 *
 * A promise is a sentence and a check, run(host), which throws if the promise is
 * not kept. Optional members:
 *
 * anywhere  it does not need the package, so other hosts can be compared
 * bare      install() is not called before it
 * endsItself  no process.exit() after it
 * env, flags  the host's environment and flags; flags by the kind of host
 * program   the program that runs instead of run(host)
 * judge     checks how the process ended: its status, signal and output
 * thread    what its worker threads run
 */
import { ARGUMENTS } from './promises/arguments.mjs'
import { ASYNC } from './promises/async.mjs'
import { RELEASED } from './promises/instances.mjs'
import { LIVES_ON, UNCAUGHT, UNSAFE } from './promises/kills.mjs'
import { NESTED, STOPPED, SIGNALLED } from './promises/limits.mjs'
import { GROWTH, MEMORY_ZERO } from './promises/memory.mjs'
import { OWN_MEMORY } from './promises/own-memory.mjs'
import { PARITY } from './promises/parity.mjs'
import { RAISE } from './promises/raise.mjs'
import { FORWARDED, THREADS } from './promises/signals.mjs'
import { EXAMPLE, START } from './promises/start.mjs'
import { OUTSIDE } from './promises/words-outside.mjs'
import { WALL_LIMITS } from './promises/wall.mjs'
import { ADDRESSES, WORDS } from './promises/words.mjs'

export const ROWS = [
  ['The words are zeroed when a module is instantiated', WORDS],
  ['Addresses are checked; a module with a bad one runs untracked', ADDRESSES],
  ['The words are in memory 0, and in no other', MEMORY_ZERO],
  ['Words may have a memory of their own', OWN_MEMORY],
  ['raise and clear reach their targets, but no terminated instance', RAISE],
  [
    'A guest is signalled at its soft limit, in its loop, never early',
    SIGNALLED
  ],
  ['A call is stopped at its hard limit', STOPPED],
  ['A kill cannot be caught', UNCAUGHT],
  ['The host works normally after a kill', LIVES_ON],
  ['Wall limits, kill() and AbortSignal end a call', WALL_LIMITS],
  ['Budgets nest', NESTED],
  ["A kill does not interrupt the host's own functions", UNSAFE],
  ['Ctrl-C and other signals reach a busy guest', FORWARDED],
  ['Threads and shared memories', THREADS],
  ['Memories that grow or may move', GROWTH],
  ['Unused instances are released', RELEASED],
  ['The shim does not change what a program observes', PARITY],
  ['Asynchronous work is charged to its budget', ASYNC],
  ['Words outside of modules (track), and inspect', OUTSIDE],
  ['Bad input is refused with a typed error', ARGUMENTS],
  ['Ways to start: register, require, environment', START],
  ['The example runs', EXAMPLE]
].map(([row, promises]) => ({ row, promises }))

export const PROMISES = ROWS.flatMap(({ promises }) => promises)

// A sentence identifies its promise.
const sentences = new Set(PROMISES.map(({ promise }) => promise))
if (sentences.size < PROMISES.length)
  throw new Error('two promises have the same sentence')
