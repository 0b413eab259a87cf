// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Guests in Rust under the hosts that we have: npm package and command. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import * as wasmsig from 'wasmsig'

import { ENGINES, command, folder, run } from '../../cli/support/command.mjs'
import { BROWSER, WASI, build, crate, noWasi } from './support/cargo.mjs'

const { SIGINT, SIGXCPU } = wasmsig.SIGNALS

const ATOMICS = '-C target-feature=+atomics'
const ways = { 'as a user has it': '', 'with +atomics': ATOMICS }

wasmsig.install()

for (const [way, flags] of Object.entries(ways))
  describe(`the npm package and a guest in Rust, ${way}`, () => {
    const options = { target: BROWSER, lib: 'loops', flags }
    const module = new WebAssembly.Module(build(crate('loop'), options))
    const start = () => new WebAssembly.Instance(module).exports

    test('tracks it', () => {
      assert.equal(wasmsig.inspect(module).tracked, true)
      assert.equal(start().hosted(), 1)
    })

    test('signals it in a pure loop that its CPU time ends', () => {
      const exports = start()
      exports.listen(SIGXCPU)
      const budget = new wasmsig.CpuBudget({ soft: 20, hard: 20_000 })
      assert.equal(budget.run(exports.spin), SIGXCPU)
      assert.ok(budget.used >= 20, `${budget.used} ms`)
      assert.equal(exports.heard(), 1)
      assert.equal(exports.last(), SIGXCPU)
    })

    test('raises signals in it', () => {
      const instance = new WebAssembly.Instance(module)
      assert.equal(wasmsig.raise('SIGINT', instance), 1)
      assert.equal(instance.exports.count(10), 1)
      assert.equal(wasmsig.raise('SIGINT', instance), 1)
      assert.equal(instance.exports.take_pending(), 1n << BigInt(SIGINT - 1))
      assert.equal(instance.exports.poll_once(), 0)
    })
  })

for (const [way, flags] of Object.entries(ways))
  describe(
    `the command and a program in Rust, ${way}`,
    { skip: noWasi },
    () => {
      const program = (t) => {
        const options = { target: WASI, bin: 'program', flags }
        const path = join(folder(t), 'program.wasm')
        writeFileSync(path, build(crate('loop'), options))
        return path
      }

      test('it can be tracked, and its polls are atomic', (t) => {
        const { stdout } = command(['inspect', '--json', program(t)])
        const { tracked, polls } = JSON.parse(stdout)
        assert.equal(tracked, true)
        assert.ok(polls.atomic >= 1)
        assert.equal(polls.plain, 0)
      })

      for (const engine of ENGINES)
        test(`${engine} signals it in a pure loop that its CPU time ends`, (t) => {
          const limits = ['--cpu-soft', '50ms', '--cpu-hard', '20s']
          const { status, stdout } = run(engine, [...limits, program(t)])
          assert.equal(
            stdout,
            'hosted: true\nheard SIGXCPU\nstopped by SIGXCPU\n'
          )
          assert.equal(status, 0)
        })
    }
  )

test('under Node alone polls say none', { skip: noWasi }, (t) => {
  const path = join(folder(t), 'program.wasm')
  writeFileSync(path, build(crate('loop'), { target: WASI, bin: 'program' }))
  const script = `
    const { WASI } = require('node:wasi')
    const args = ['program', 'briefly']
    const wasi = new WASI({ version: 'preview1', args })
    const module = new WebAssembly.Module(fs.readFileSync(process.argv[1]))
    wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()))`
  const { stdout } = spawnSync(process.execPath, ['-e', script, path], {
    encoding: 'utf8'
  })
  assert.equal(stdout, 'hosted: false\nNone\n')
})
