// SPDX-License-Identifier: Apache-2.0 OR MIT
// killed.mjs FILE.wasm EXPORT: runs an endless function under a limit three
// times, with the package `wasmsig`. Prints the error codes and the kill counts.
import { readFileSync } from 'node:fs'
import process from 'node:process'

import { CpuBudget, install, stats } from 'wasmsig'

const [file, name] = process.argv.slice(2)
install()
const { instance } = await WebAssembly.instantiate(readFileSync(file))
const errors = []
for (let i = 0; i < 3; i++) {
  const budget = new CpuBudget({ hard: 30, instances: [instance] })
  try {
    budget.run(instance.exports[name])
  } catch (error) {
    errors.push(error.code)
  }
}
console.log(JSON.stringify({ errors, kills: stats().kills }))
