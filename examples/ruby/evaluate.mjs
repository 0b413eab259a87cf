// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Runs scripts in Ruby for WASI, each in a virtual machine of its own and with a
 * limit of CPU time:
 *
 *     node evaluate.mjs CODE...
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { DefaultRubyVM } from '@ruby/wasm-wasi/dist/node'
import { CpuBudget, CpuLimitError } from 'wasmsig'

const HARD_MS = 500 // of CPU time

const { resolve } = createRequire(import.meta.url)
const file = resolve('@ruby/3.4-wasm-wasi/dist/ruby.wasm')
const ruby = await WebAssembly.compile(await readFile(file))

async function run(code) {
  const { vm } = await DefaultRubyVM(ruby)
  const budget = new CpuBudget({ hard: HARD_MS })
  try {
    return budget.run(() => vm.eval(code).toString())
  } catch (error) {
    if (!(error instanceof CpuLimitError)) return error.message
    return `stopped after ${budget.used.toFixed(0)} ms of CPU`
  }
}

for (const code of process.argv.slice(2)) {
  console.log(`> ${code}`)
  console.log(await run(code))
}
