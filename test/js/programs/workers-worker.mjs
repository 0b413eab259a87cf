// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A worker with instances, which ends as its data says: see workers.mjs. */
import { parentPort, workerData } from 'node:worker_threads'
import { install, raise } from 'wasmsig'

/** (memory (export "m") 1 and a signal word at 1024): no compiler of text. */
const bytes = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 5, 3, 1, 0, 1, 6, 7, 1, 127, 0, 65, 128, 8, 11,
  7, 25, 2, 1, 109, 2, 0, 17, 95, 95, 105, 110, 115, 116, 97, 110, 99, 101, 95,
  115, 105, 103, 110, 97, 108, 3, 0
])

install()
const module = new WebAssembly.Module(bytes)
const instances = Array.from(
  { length: 10 },
  () => new WebAssembly.Instance(module)
)

function raiseForAWhile() {
  const until = performance.now() + 3
  do raise('SIGUSR2', 'process')
  while (performance.now() < until)
}

parentPort.postMessage('living')
switch (workerData) {
  case 'return':
    raiseForAWhile()
    break
  case 'exit':
    raiseForAWhile()
    process.exit(instances.length)
  // eslint-disable-next-line no-fallthrough
  default: // until it is terminated, in the middle of a raise
    for (;;) raise('SIGUSR2', 'process')
}
