// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Every function and slot is found in the executables of both processors. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { COMMAND, VERSIONS, executable } from './support/runtime.mjs'

const CHECK = join(dirname(COMMAND), 'test/workerd_check_binary')
const SLOTS = [
  '16customizeIsolateE',
  '14enterStartupJsE',
  '18enterStartupPythonE',
  '20enterDynamicImportJsE',
  '16completedRequestE',
  'D0Ev',
  '7enterJsE',
  '10topUpActorE',
  '17getLimitsExceededE',
  '24requireLimitsNotExceededE',
  '33setCpuLimitNearlyExceededCallbackE',
  'D0Ev'
]

for (const version of VERSIONS) {
  for (const processor of ['64', 'arm64']) {
    test(`${version} for linux-${processor}`, () => {
      const file = executable(version, processor)
      const lines = execFileSync(CHECK, [file], { encoding: 'utf8' })
      const slots = lines
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
      assert.deepEqual(
        slots.map(([, method]) => method),
        SLOTS
      )
      const addresses = new Set(slots.map(([address]) => address))
      assert.equal(addresses.size, SLOTS.length)
    })
  }
}
