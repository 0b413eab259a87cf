// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Ends inside a section, by an uncaught kill or by process.exit. */
import { CpuBudget } from 'wasmsig'
import { loopJs } from '../support/work.mjs'

const [how] = process.argv.slice(2)
process.on('exit', (status) => console.log(`exit ${status}`))
const end = how === 'kill' ? loopJs : () => process.exit(7)
new CpuBudget({ hard: how === 'kill' ? 5 : 10_000 }).run(end)
