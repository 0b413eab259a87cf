// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * postponed.mjs EXPORT wait|kill|exit: calls a guest whose loops V8 compiles
 * without stack checks (--no-wasm-stack-checks --no-liftoff), like loops of
 * tail calls: the engine cannot stop it.
 */
import { CpuBudget, install } from 'wasmsig'
import { instantiate } from '../support/guests.mjs'
import { caught } from '../support/work.mjs'

const [, , name, onUnsafe] = process.argv

install()
const guest = instantiate().exports
let received
const error = caught(() =>
  new CpuBudget({ hard: 5, grace: 10, onUnsafe }).run(() => {
    received = guest[name]()
  })
)
console.log(error?.name, String(received))
