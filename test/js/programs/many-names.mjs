// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Budgets of 1007 names, and again one of the first name. */
import { CpuBudget, stats } from 'wasmsig'

const use = (name) => new CpuBudget({ measure: true, name }).run(() => {})

for (let i = 0; i < 1007; i++) use(`tenant-${i}`)
use('tenant-0')

const { budgets } = stats()
const last = budgets.at(-1)
const old = budgets[0]?.sections
console.log(
  JSON.stringify({
    names: budgets.length,
    last: last?.name,
    sections: last?.sections,
    old
  })
)
