// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Is killed inside an async scope, which it could not leave properly. */
import { AsyncResource, executionAsyncId } from 'node:async_hooks'
import { CpuBudget } from 'wasmsig'
import { caught, loopJs } from '../support/work.mjs'

const resource = new AsyncResource('test')

setTimeout(() => {
  const before = executionAsyncId()
  const budget = new CpuBudget({ hard: 5 })
  const run = () => budget.run(() => resource.runInAsyncScope(loopJs))
  console.log(caught(run).name)
  console.log(`same scope: ${executionAsyncId() === before}`)
  setTimeout(() => console.log('later'), 1)
}, 1)
