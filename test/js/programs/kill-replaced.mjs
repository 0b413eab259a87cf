// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Is killed after it has replaced the built-ins that are at hand: what runs
 * after the kill must not call them, outside of any limit.
 */
import { CpuBudget } from 'wasmsig'

const forever = () => {
  for (;;);
}
const REPLACED = [
  [Array.prototype, Symbol.iterator],
  [Map.prototype, Symbol.iterator],
  [Map.prototype, 'has'],
  [Map.prototype, 'get'],
  [Number.prototype, 'toFixed'],
  [Object, 'getOwnPropertySymbols'],
  [Object, 'getOwnPropertyDescriptor'],
  [Object, 'defineProperty'],
  [Reflect, 'defineProperty'],
  [Reflect, 'ownKeys']
]

const originals = REPLACED.map(([owner, name]) => owner[name])
const budget = new CpuBudget({ hard: 10 })
let code
try {
  budget.run(() => {
    for (let i = 0; i < REPLACED.length; i++) {
      REPLACED[i][0][REPLACED[i][1]] = forever
    }
    forever()
  })
} catch (error) {
  code = error.code
}
for (let i = 0; i < REPLACED.length; i++) {
  REPLACED[i][0][REPLACED[i][1]] = originals[i]
}
console.log(code)
