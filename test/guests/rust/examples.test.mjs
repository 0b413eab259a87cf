// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The examples in Rust, run as their READMEs say. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import * as wasmsig from 'wasmsig'

import { folder } from '../../cli/support/command.mjs'
import { checkPi } from '../../e2e/support/example.mjs'
import { BROWSER, CRATE, OUTPUT, ROOT, build } from './support/cargo.mjs'

test('pi in Rust is signalled, is stopped, and receives Ctrl-C', async (t) => {
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
    host: { received: () => {} }
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

for (const [way, flags] of [
  ['', ''],
  [' with +atomics', '-C target-feature=+atomics']
])
  test(`a module of wasm-bindgen receives signals in a loop and while it waits${way}`, () => {
    const run = join(ROOT, 'examples/wasm-bindgen/run')
    const { status, stdout, stderr } = spawnSync(
      run,
      [join(OUTPUT, 'wasm-bindgen')],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flags
        }
      }
    )
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^received SIGXCPU: \d+ primes in 50 ms of CPU$/m)
    assert.match(stdout, /^received SIGUSR1 while it waited/m)
  })

test("the README's guest computes, and stops when it is signalled", (t) => {
  const place = folder(t)
  const readme = readFileSync(join(CRATE, 'README.md'), 'utf8')
  const block = (kind) =>
    RegExp(`\`\`\`${kind}\n(.*?)\`\`\``, 's').exec(readme)[1]
  mkdirSync(join(place, 'src'))
  writeFileSync(
    join(place, 'Cargo.toml'),
    `[package]
name = "roots"
version = "0.1.0"
edition = "2024"

[dependencies]
wasmsig-guest = { path = ${JSON.stringify(CRATE)} }

${block('toml')}`
  )
  writeFileSync(join(place, 'src/lib.rs'), block('rust'))
  const bytes = build(place, { target: BROWSER, lib: 'roots', locked: false })

  wasmsig.install()
  t.after(() => wasmsig.uninstall())
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const { sum_of_roots } = instance.exports
  assert.equal(sum_of_roots(4), 1 + Math.SQRT2 + Math.sqrt(3) + 2)
  wasmsig.raise('SIGXCPU', instance)
  assert.equal(sum_of_roots(4), 1)
})
