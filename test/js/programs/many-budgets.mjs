// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Makes budgets in a loop that never returns to the event loop. */
import { CpuBudget } from 'wasmsig'

const MANY = 200_000
const kept = []

function makeSome(count) {
  for (let i = 0; i < count; i += 1) {
    const budget = new CpuBudget({ soft: 1000, hard: 2000 })
    budget.run(() => 1)
    if (i % 10_000 === 0) kept.push(budget)
  }
}

makeSome(10_000)
globalThis.gc()
const before = process.memoryUsage.rss()
makeSome(MANY)
globalThis.gc()
const grown = process.memoryUsage.rss() - before

// Budgets in use, also in a section, are intact.
kept[0].run(() => {
  makeSome(2000)
  globalThis.gc()
  makeSome(2000)
})
const used = kept.filter((budget) => budget.used > 0 && budget.run(() => true))
console.log(
  JSON.stringify({ many: MANY, grown, kept: kept.length, used: used.length })
)
