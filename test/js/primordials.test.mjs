// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Built-ins that a program has replaced are not called, and properties that it
 * may have added are not read.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { run } from './support/child.mjs'

const CALLS = {
  instance: 'new Instance',
  both: 'new Instance of a new module',
  bytes: 'instantiate(bytes)',
  module: 'instantiate(module)'
}
const WAYS = {
  calls: 'calls the same built-ins as without us, replaced ones',
  looks: 'looks for the same properties as without us, added ones'
}

/** A derived promise reads more properties; see parity-order.test.mjs. */
const isDerived = (call) =>
  call !== 'instance' &&
  call !== 'both' &&
  (Boolean(process.versions.deno ?? process.versions.bun) ||
    (process.version.startsWith('v18.') && call === 'bytes'))

describe('primordials', { concurrency: 2 }, () => {
  for (const [call, name] of Object.entries(CALLS)) {
    for (const [way, does] of Object.entries(WAYS)) {
      test(
        `${name} ${does}`,
        { todo: isDerived(call) && 'its promise is derived' },
        async () => {
          const plain = await run('primordials.mjs', { args: [call, way] })
          const args = [call, way, 'shim']
          const shimmed = await run('primordials.mjs', { args })
          assert.equal(shimmed.stderr, '')
          const seen = JSON.parse(shimmed.stdout)
          assert.deepEqual(seen, { ...JSON.parse(plain.stdout), received: 1 })
        }
      )
    }
  }
})
