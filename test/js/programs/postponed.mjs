// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * postponed.mjs EXPORT wait|kill|exit: calls a guest whose loops V8 compiles
 * without checks of the stack (--no-wasm-stack-checks --no-liftoff), as it does loops of tail
 * calls: the engine cannot stop it.
 */
import { CpuBudget, install } from 'wasmsig'
import { instantiate } from '../support/guests.mjs'
import { caught } from '../support/work.mjs'

const [, , name, onUnsafe] = process.argv

install()
const guest = instantiate().exports
let heard
const error = caught(() =>
  new CpuBudget({ hard: 5, grace: 10, onUnsafe }).run(() => {
    heard = guest[name]()
  })
)
console.log(error?.name, String(heard))
