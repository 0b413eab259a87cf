// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What a user does first: a guest is signalled at its soft limit, another one is
 * stopped at its hard limit, and the host goes on. Prints one line of JSON.
 */
import { readFileSync } from 'node:fs'
import { CpuBudget, CpuLimitError, capabilities, install } from 'wasmsig'

install()
const module = new WebAssembly.Module(readFileSync(process.argv[2]))

function start(budget) {
  const signals = []
  const host = {
    received: (signal) => signals.push([signal, budget.used >= 50])
  }
  const { exports } = new WebAssembly.Instance(module, { host })
  return { exports, signals }
}

const soft = new CpuBudget({ soft: 50 })
const signalled = start(soft)
const digits = soft.run(signalled.exports.until_sigxcpu)

const hard = new CpuBudget({ soft: 50, hard: 100 })
const stopped = start(hard)
let code = 'returned'
try {
  hard.run(stopped.exports.ignoring_sigxcpu)
} catch (error) {
  if (!(error instanceof CpuLimitError)) throw error
  code = error.code
}
console.log(
  JSON.stringify({
    supported: capabilities.supported,
    signals: signalled.signals,
    digits: digits > 0,
    code,
    alive: start(soft).exports.echo(7)
  })
)
