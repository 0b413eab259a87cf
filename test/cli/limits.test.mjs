// SPDX-License-Identifier: Apache-2.0 OR MIT
// A program is signalled at its soft limit and stopped at its hard limit.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import {
  ENGINES,
  folder,
  guest,
  noAddressSpace as underAsan,
  run
} from './support/command.mjs'

const plain = guest('plain')
const signals = guest('signals')

const leb = (number) =>
  number < 128 ? [number] : [128 | (number & 127), ...leb(number >> 7)]

/** So much code that each engine needs several ticks of the system's clock. */
function large() {
  const count = 600
  const add = Buffer.from([0x20, 0, 0x41, 7, 0x6a, 0x21, 0]) // $x = $x + 7
  const code = Buffer.concat([
    ...[Buffer.of(1, 1, 0x7f), Buffer.alloc(14000, add), Buffer.of(0x0b)]
  ])
  const body = Buffer.concat([Buffer.from(leb(code.length)), code])
  const section = (number, ...parts) => {
    const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
    return Buffer.concat([Buffer.of(number, ...leb(content.length)), content])
  }
  const types = Array(count).fill(0)
  return Buffer.concat([
    Buffer.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    section(1, [1, 0x60, 0, 0]),
    section(3, leb(count), types),
    section(5, [1, 0, 1]),
    section(7, [1, 6], Buffer.from('_start'), [0, 0]),
    section(10, leb(count), ...Array(count).fill(body))
  ])
}

for (const engine of ENGINES) {
  const program = (...args) => run(engine, args)

  /** The statistics of a run: the last line of standard error. */
  const facts = (...args) => {
    const { stderr } = program('--json', ...args)
    return JSON.parse(stderr.trim().split('\n').at(-1))
  }

  test(`${engine}: a program receives SIGXCPU at its soft limit`, () => {
    const { status, stdout } = program('--cpu-soft', '50ms', signals, 'busy')
    assert.equal(stdout, 'busy\nreceived 24\n')
    assert.equal(status, 10)
  })

  test(`${engine}: SIGXCPU never comes before the soft limit`, () => {
    const { cpu_ns } = facts('--cpu-soft', '50ms', signals, 'busy')
    assert.ok(cpu_ns >= 50e6, `${cpu_ns} ns`)
  })

  test(`${engine}: the time to set up a limit does not count`, (t) => {
    if (underAsan)
      return t.skip('the runtime of the sanitizer must be loaded first')
    const source = new URL('support/slow_begin.c', import.meta.url).pathname
    const preload = join(folder(t), 'slow.so')
    execFileSync('cc', ['-shared', '-fPIC', '-o', preload, source])
    const env = { ...process.env, LD_PRELOAD: preload }
    const limited = ['--cpu-hard', '200ms', plain, 'exit', '3']
    assert.equal(run(engine, limited, { env }).status, 3)
  })

  test(`${engine}: --signal selects another signal`, () => {
    const args = ['--cpu-soft', '20ms', '--signal', 'usr1', signals, 'busy']
    assert.equal(program(...args).stdout, 'busy\nreceived 10\n')
  })

  test(`${engine}: a program that does not poll is stopped with status 152`, () => {
    const { status, stderr } = program(
      '--cpu-hard',
      '50ms',
      signals,
      'unpolled'
    )
    assert.equal(status, 152)
    assert.match(
      stderr,
      /^wasmsig: .*: stopped at its CPU limit after [0-9.]+ ms of CPU\n$/
    )
  })

  test(`${engine}: it is never stopped before its hard limit`, () => {
    const { ended, cpu_ns } = facts('--cpu-hard', '50ms', signals, 'unpolled')
    assert.equal(ended, 'cpu-limit')
    assert.ok(cpu_ns >= 50e6, `${cpu_ns} ns`)
  })

  test(`${engine}: a program that goes on after the signal is stopped`, () => {
    const limits = ['--cpu-soft', '20ms', '--cpu-hard', '50ms']
    const { status, stdout } = program(...limits, signals, 'persistent')
    assert.equal(status, 152)
    assert.equal(stdout, 'persistent\nreceived 24\n')
  })

  test(`${engine}: the output of a stopped program is complete`, () => {
    const { stdout } = program('--cpu-hard', '50ms', plain, 'spin')
    assert.equal(stdout, 'half a li')
  })

  test(`${engine}: a file that a stopped program wrote is complete`, (t) => {
    const path = folder(t)
    const limits = ['--cpu-hard', '50ms', '--dir', `${path}::/`]
    assert.equal(program(...limits, plain, 'keep', '/out.txt').status, 152)
    assert.equal(readFileSync(join(path, 'out.txt'), 'utf8'), 'in the file')
  })

  test(`${engine}: a long compilation is stopped`, (t) => {
    const path = join(folder(t), 'large.wasm')
    writeFileSync(path, large())
    const { status, stderr } = program('--cpu-compile', '1us', '--json', path)
    assert.match(stderr, /stopped at its CPU limit while it was compiled/)
    assert.equal(JSON.parse(stderr.split('\n')[1]).ended, 'cpu-limit')
    assert.equal(status, 152)
  })

  test(`${engine}: --cpu-compile does not limit the program`, () => {
    const limits = ['--cpu-compile', '30s', '--cpu-soft', '50ms']
    const { stdout } = program(...limits, signals, 'busy')
    assert.equal(stdout, 'busy\nreceived 24\n')
    const blocked = program(
      ...['--cpu-compile', '1m', '--forward', 'PROF', plain, 'exit', '3']
    )
    assert.equal(blocked.status, 3)
  })

  test(`${engine}: sleep is not CPU time`, () => {
    const { ended, cpu_ns, wall_ns } = facts(
      ...['--cpu-hard', '45ms', plain, 'sleep']
    )
    assert.equal(ended, 'exit')
    assert.ok(cpu_ns < 45e6)
    assert.ok(wall_ns >= 50e6)
  })

  test(`${engine}: a soft limit without effect is reported`, () => {
    const { status, stderr } = program('--cpu-soft', '1s', plain, 'exit', '3')
    assert.equal(status, 3)
    assert.match(stderr, /^wasmsig: .*: --cpu-soft has no effect: .*\n$/)
  })
}
