// SPDX-License-Identifier: Apache-2.0 OR MIT
// Each signal that comes is heard once, in each language, whatever came with it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import * as wasmsig from 'wasmsig'

import { answering } from './support/answering.mjs'
import { KINDS, storm } from './support/storm.mjs'

const ROUNDS = Number(process.env.WASMSIG_STORM ?? 3000)

wasmsig.install()

for (const [language, bytes] of Object.entries(await answering())) {
  const module = new WebAssembly.Module(bytes)
  const start = () => new WebAssembly.Instance(module, { env: { abort() {} } })

  describe(language, () => {
    test('a loop that waits for SIGXCPU ends, whatever comes after that', () => {
      const instance = start()
      for (const signal of ['SIGXCPU', 'SIGINT', 'SIGWINCH'])
        wasmsig.raise(signal, instance)
      const budget = new wasmsig.CpuBudget({ hard: 10_000 })
      assert.equal(budget.run(instance.exports.until_xcpu), 3)
    })

    test('each signal of a storm is heard once', async () => {
      const { exports } = start()
      exports.listen(KINDS[0])
      const { heard, excess } = await storm(
        exports.poll_once,
        exports.heard,
        ROUNDS
      )
      assert.deepEqual(
        heard,
        KINDS.map(() => ROUNDS)
      )
      assert.deepEqual(excess, [])
    })
  })
}
