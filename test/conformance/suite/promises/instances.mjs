// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Instances that the program no longer uses. */

/** Makes and drops instances that each fill a megabyte. */
async function makeAndDrop({ collectGarbage, idle, wasmsig }, module, count) {
  for (let i = 0; i < count; i += 1) {
    new WebAssembly.Instance(module)
    if (i % 10 !== 9) continue
    await idle(0)
    collectGarbage()
    wasmsig.raise('SIGINT')
  }
}

const resident = () => process.memoryUsage().rss / 2 ** 20

export const RELEASED = [
  {
    promise: 'the resident set stays flat while instances come and go',
    async run(host) {
      const module = host.module('heavy')
      await makeAndDrop(host, module, 200)
      const before = resident()
      await makeAndDrop(host, module, 600)
      host.check(resident() - before < 300, 'half of 600 MB or more was kept')
    }
  },
  {
    promise: 'stats() counts the released instances',
    async run(host) {
      await makeAndDrop(host, host.module('heavy'), 400)
      const { collected, sweeps } = host.wasmsig.stats()
      host.check(sweeps > 0, 'nothing was swept')
      host.check(collected > 0, 'nothing was released')
    }
  },
  {
    promise: 'an instance is signalled while the program holds one function',
    async run(host) {
      const { spin } = host.instance('signal').exports
      await makeAndDrop(host, host.module('heavy'), 200)
      host.wasmsig.clear()
      const budget = new host.wasmsig.CpuBudget({ soft: 20 })
      host.same('the signal that the guest received', budget.run(spin), 24)
    }
  }
]
