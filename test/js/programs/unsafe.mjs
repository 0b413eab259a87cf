// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Is killed inside an async scope, which it cannot leave regularly. */
import { AsyncResource } from 'node:async_hooks'
import { CpuBudget } from 'wasmsig'
import { caught, loopJs } from '../support/work.mjs'

const resource = new AsyncResource('test')
const inScope = () => resource.runInAsyncScope(loopJs)

const how = process.argv[3]
if (how === 'monitor') {
  process.on('uncaughtExceptionMonitor', (error) => error.message)
}
if (how === 'capture') process.setUncaughtExceptionCaptureCallback(() => {})
if (how === 'domain') await import('node:domain')

if (process.argv[2] === 'exit') {
  console.log('begun')
  new CpuBudget({ hard: 5, grace: 5, onUnsafe: 'exit' }).run(inScope)
}

setTimeout(() => {
  const budget = new CpuBudget({ hard: 5, grace: 5, onUnsafe: 'kill' })
  console.log(caught(() => budget.run(inScope)).name)
  setTimeout(() => console.log('later'), 1)
}, 1)
setTimeout(() => console.log('later too'), 200)
