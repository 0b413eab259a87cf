// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What works where WebAssembly cannot be wrapped. */
const { CpuBudget, inspect, install, raise, stats } = require('wasmsig')

const installs = [install(), install()]
const received = raise('SIGINT')
let killed
try {
  new CpuBudget({ hard: 5 }).run(() => {
    for (let turns = 0; turns < 1e10; turns += 1);
  })
} catch (error) {
  killed = error.name
}
const { reason } = inspect(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
stats()
console.log(JSON.stringify({ installs, received, killed, reason }))
