// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The examples in Rust, run as their READMEs say. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import * as wasmsig from 'wasmsig'

import { folder } from '../../cli/support/command.mjs'
import { checkPi } from '../../e2e/support/example.mjs'
import { BROWSER, OUTPUT, ROOT, build } from './support/cargo.mjs'

test('pi in Rust is told, is stopped, and hears Ctrl-C', async (t) => {
  const path = join(folder(t), 'pi.wasm')
  const options = { target: BROWSER, lib: 'pi' }
  writeFileSync(path, build(join(ROOT, 'examples/pi-rust'), options))
  await checkPi(path)
})

test('the digits of pi outlive a kill, and so does the guest', (t) => {
  wasmsig.install()
  t.after(() => wasmsig.uninstall())
  const options = { target: BROWSER, lib: 'pi' }
  const bytes = build(join(ROOT, 'examples/pi-rust'), options)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    host: { told: () => {} }
  })
  const digits = () =>
    Buffer.from(exports.memory.buffer, exports.digits(), exports.count())
  for (let kills = 0; kills < 20; kills++) {
    const budget = new wasmsig.CpuBudget({ soft: 5, hard: 10 })
    assert.throws(() => budget.run(exports.ignoring_sigxcpu), {
      code: 'ERR_WASMSIG_CPU_LIMIT'
    })
    assert.match(`${digits()}`, /^3141592653589793\d*$/)
  }
  const budget = new wasmsig.CpuBudget({ soft: 5, hard: 10_000 })
  assert.equal(budget.run(exports.until_sigxcpu), exports.count())
  assert.match(`${digits()}`, /^3141592653589793\d*$/)
})

test('a module of wasm-bindgen is told in a loop and while it waits', () => {
  const run = join(ROOT, 'examples/wasm-bindgen/run')
  const { status, stdout, stderr } = spawnSync(
    run,
    [join(OUTPUT, 'wasm-bindgen')],
    { encoding: 'utf8' }
  )
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^told SIGXCPU: \d+ primes in 50 ms of CPU$/m)
  assert.match(stdout, /^told SIGUSR1 while it waited/m)
})
