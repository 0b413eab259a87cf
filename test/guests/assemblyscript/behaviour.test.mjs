// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What a poll of the AssemblyScript package does with the words. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { bit, host, start } from '../rust/support/guest.mjs'
import { promises } from '../rust/support/promises.mjs'
import { compile } from './support/asc.mjs'

const LOOPS = 'test/guests/assemblyscript/loops.ts'
const KILL = 9
const XCPU = 24

const imports = {
  env: {
    abort() {
      throw new WebAssembly.RuntimeError('abort')
    }
  }
}

const ways = {
  unoptimised: ['-O0'],
  optimised: ['-O3'],
  'without a collector': ['-O2', '--runtime', 'stub'],
  'with a collector called by hand': ['-O2', '--runtime', 'minimal']
}

for (const [way, options] of Object.entries(ways)) {
  const module = new WebAssembly.Module(await compile(LOOPS, ...options))
  const hosted = () => host(start(module, imports))

  describe(`a guest in AssemblyScript, ${way}`, () => {
    promises(module, imports)

    test('on returns the previous handler unchanged', () => {
      const { exports } = hosted()
      exports.listen(XCPU)
      exports.call_handler(XCPU)
      assert.equal(exports.heard(), 1)
      assert.equal(exports.last(), XCPU)
      assert.equal(exports.stop_listening(XCPU), 0)
    })

    test('SIGKILL and invalid numbers have no handler', () => {
      const { exports } = hosted()
      for (const number of [KILL, 0, -1, 65, 0x7fffffff])
        for (const _ of [1, 2]) assert.equal(exports.listen(number), 0)
    })

    test('has() checks whether a signal is in a set', () => {
      const { exports } = hosted()
      assert.equal(exports.holds(bit(1) | bit(64), 64), 1)
      assert.equal(exports.holds(bit(1) | bit(64), 1), 1)
      for (const number of [2, 63, 0, -1, 65])
        assert.equal(exports.holds(bit(1) | bit(64), number), 0)
    })
  })
}
