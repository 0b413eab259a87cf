// SPDX-License-Identifier: Apache-2.0 OR MIT
// Runs a guest's loops under limits, with the package `wasmsig`, in whatever
// host this is: told.mjs FILE.wasm. Prints the result.
import { readFileSync } from 'node:fs'
import process from 'node:process'

import { CpuBudget, install, raise } from 'wasmsig'

install()
const { instance } = await WebAssembly.instantiate(
  readFileSync(process.argv[2]),
  { env: { abort: () => {} } }
)
const { exports } = instance
const within = (limits, call) =>
  new CpuBudget({ measure: true, ...limits, instances: [instance] }).run(call)

const said = { hosted: Boolean(exports.hosted()), polls: [] }

// Long enough that an optimising compiler has its turn, more than once.
for (let calls = 0; calls < 3; calls++)
  said.polls.push(within({ soft: 300 }, exports.until_xcpu) > 1)

for (const signal of ['SIGXCPU', 'SIGWINCH']) raise(signal, instance)
said.polls.push(within({}, exports.until_xcpu))

try {
  within({ soft: 300, signal: 'SIGUSR1', hard: 400 }, exports.until_xcpu)
} catch (error) {
  said.killed = error.code
}
console.log(JSON.stringify(said))
