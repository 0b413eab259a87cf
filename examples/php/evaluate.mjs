// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Runs scripts in PHP, each in an instance of its own and with a limit of CPU
 * time:
 *
 *     node --import wasmsig/instrument evaluate.mjs CODE...
 *
 * PHP is asynchronous: after a wait, the event loop continues a script. There a
 * limit stops a guest at its next poll, and wasmsig/instrument adds polls.
 */
import { getPHPLoaderModule } from '@php-wasm/node-8-3'
import { PHP, loadPHPRuntime } from '@php-wasm/universal'
import { CpuBudget, CpuLimitError, install } from 'wasmsig'

const HARD_MS = 500 // of CPU time

install()
const loader = await getPHPLoaderModule()

async function run(code) {
  const php = new PHP(await loadPHPRuntime(loader, {}))
  const budget = new CpuBudget({ hard: HARD_MS })
  const evaluate = () => php.run({ code: `<?php ${code}` })
  try {
    return (await budget.runAsync(evaluate)).text
  } catch (error) {
    if (!(error instanceof CpuLimitError)) return error.message
    return `stopped after ${budget.used.toFixed(0)} ms of CPU`
  }
}

for (const code of process.argv.slice(2)) {
  console.log(`> ${code}`)
  console.log(await run(code))
}
process.exit() // PHP may keep the event loop alive
