// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Guests in AssemblyScript under the npm package of hosts, and the reader. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import * as wasmsig from 'wasmsig'

import { command, folder } from '../../cli/support/command.mjs'
import { compile } from './support/asc.mjs'

const LOOPS = 'test/guests/assemblyscript/loops.ts'
const { SIGXCPU } = wasmsig.SIGNALS

wasmsig.install()

for (const runtime of ['stub', 'minimal', 'incremental']) {
  const bytes = await compile(LOOPS, '-O3', '--runtime', runtime)
  const module = new WebAssembly.Module(bytes)
  const start = () =>
    new WebAssembly.Instance(module, { env: { abort() {} } }).exports

  describe(`a guest in AssemblyScript, --runtime ${runtime}`, () => {
    test('can be tracked, its polls are atomic', (t) => {
      const path = join(folder(t), 'guest.wasm')
      writeFileSync(path, bytes)
      const { stdout } = command(['inspect', '--json', path])
      const { tracked, polls } = JSON.parse(stdout)
      assert.equal(tracked, true)
      assert.ok(polls.atomic >= 1)
      assert.equal(polls.plain, 0)
    })

    for (const loop of ['spin', 'concatenate'])
      test(`receives SIGXCPU in a loop (${loop})`, () => {
        const exports = start()
        assert.equal(exports.hosted(), 1)
        exports.listen(SIGXCPU)
        const budget = new wasmsig.CpuBudget({ soft: 20, hard: 20_000 })
        budget.run(exports[loop])
        assert.ok(budget.used >= 20, `${budget.used} ms`)
        assert.equal(budget.state, 'signalled')
        assert.equal(exports.heard(), 1)
        assert.equal(exports.last(), SIGXCPU)
      })
  })
}

test('an entry file that does not export the words: `inspect` says so', async (t) => {
  const source = join(folder(t), 'forgetful.ts')
  writeFileSync(
    source,
    `import { poll } from 'wasmsig-guest'
    export function once(): i32 { return poll() }`
  )
  const path = join(folder(t), 'forgetful.wasm')
  writeFileSync(path, await compile(source, '-O2'))
  const { status, stdout } = command(['inspect', path])
  assert.equal(status, 3)
  assert.match(stdout, /__instance_signal +not exported/)
})
