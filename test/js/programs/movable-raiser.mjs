// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A thread that raises for the whole process: see movable.mjs. */
import { parentPort } from 'node:worker_threads'
import { clear, raise } from 'wasmsig'

function storm(stop) {
  let raised = 0
  parentPort.postMessage('raising')
  while (Atomics.load(stop, 0) === 0) {
    raised += raise('SIGUSR1', 'process')
    raised += raise('SIGUSR2', 'process')
  }
  return raised
}

const CALLS = {
  raise: ({ signal }) => raise(signal, 'process'),
  clear: () => clear('process'),
  storm: ({ stop }) => storm(stop)
}

parentPort.on('message', (message) => {
  parentPort.postMessage(CALLS[message.call](message))
})
