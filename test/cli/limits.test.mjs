// SPDX-License-Identifier: Apache-2.0 OR MIT
// A program is told at its soft limit and stopped at its hard one.
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

/** Code enough for every engine to take a few ticks of the system's clock. */
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
  const deed = (...args) => run(engine, args)

  /** The run's facts, from the last line of standard error. */
  const facts = (...args) => {
    const { stderr } = deed('--json', ...args)
    return JSON.parse(stderr.trim().split('\n').at(-1))
  }

  test(`${engine}: a program hears SIGXCPU at its soft limit`, () => {
    const { status, stdout } = deed('--cpu-soft', '50ms', signals, 'busy')
    assert.equal(stdout, 'busy\nheard 24\n')
    assert.equal(status, 10)
  })

  test(`${engine}: never before it`, () => {
    const { cpu_ns } = facts('--cpu-soft', '50ms', signals, 'busy')
    assert.ok(cpu_ns >= 50e6, `${cpu_ns} ns`)
  })

  test(`${engine}: what is begun with a limit is not the guest's`, (t) => {
    if (underAsan) return t.skip('its runtime must come first')
    const source = new URL('support/slow_begin.c', import.meta.url).pathname
    const preload = join(folder(t), 'slow.so')
    execFileSync('cc', ['-shared', '-fPIC', '-o', preload, source])
    const env = { ...process.env, LD_PRELOAD: preload }
    const limited = ['--cpu-hard', '200ms', plain, 'exit', '3']
    assert.equal(run(engine, limited, { env }).status, 3)
  })

  test(`${engine}: another signal may be asked for`, () => {
    const args = ['--cpu-soft', '20ms', '--signal', 'usr1', signals, 'busy']
    assert.equal(deed(...args).stdout, 'busy\nheard 10\n')
  })

  test(`${engine}: one that does not poll is stopped with status 152`, () => {
    const { status, stderr } = deed('--cpu-hard', '50ms', signals, 'deaf')
    assert.equal(status, 152)
    assert.match(
      stderr,
      /^wasmsig: .*: stopped at its CPU limit after [0-9.]+ ms of CPU\n$/
    )
  })

  test(`${engine}: never before its limit`, () => {
    const { ended, cpu_ns } = facts('--cpu-hard', '50ms', signals, 'deaf')
    assert.equal(ended, 'cpu-limit')
    assert.ok(cpu_ns >= 50e6, `${cpu_ns} ns`)
  })

  test(`${engine}: one that goes on after it was told is stopped`, () => {
    const limits = ['--cpu-soft', '20ms', '--cpu-hard', '50ms']
    const { status, stdout } = deed(...limits, signals, 'insensible')
    assert.equal(status, 152)
    assert.equal(stdout, 'insensible\nheard 24\n')
  })

  test(`${engine}: what it has written is out when it is stopped`, () => {
    const { stdout } = deed('--cpu-hard', '50ms', plain, 'spin')
    assert.equal(stdout, 'half a li')
  })

  test(`${engine}: so is what it has written into a file`, (t) => {
    const path = folder(t)
    const limits = ['--cpu-hard', '50ms', '--dir', `${path}::/`]
    assert.equal(deed(...limits, plain, 'keep', '/out.txt').status, 152)
    assert.equal(readFileSync(join(path, 'out.txt'), 'utf8'), 'in the file')
  })

  test(`${engine}: an engine that compiles for long is stopped`, (t) => {
    const path = join(folder(t), 'large.wasm')
    writeFileSync(path, large())
    const { status, stderr } = deed('--cpu-compile', '1us', '--json', path)
    assert.match(stderr, /stopped at its CPU limit while it was compiled/)
    assert.equal(JSON.parse(stderr.split('\n')[1]).ended, 'cpu-limit')
    assert.equal(status, 152)
  })

  test(`${engine}: --cpu-compile is over when the program runs`, () => {
    const limits = ['--cpu-compile', '30s', '--cpu-soft', '50ms']
    const { stdout } = deed(...limits, signals, 'busy')
    assert.equal(stdout, 'busy\nheard 24\n')
    const masked = deed(
      ...['--cpu-compile', '1m', '--forward', 'PROF', plain, 'exit', '3']
    )
    assert.equal(masked.status, 3)
  })

  test(`${engine}: time asleep does not count`, () => {
    const { ended, cpu_ns, wall_ns } = facts(
      ...['--cpu-hard', '45ms', plain, 'sleep']
    )
    assert.equal(ended, 'exit')
    assert.ok(cpu_ns < 45e6)
    assert.ok(wall_ns >= 50e6)
  })

  test(`${engine}: who cannot hear of a soft limit is said`, () => {
    const { status, stderr } = deed('--cpu-soft', '1s', plain, 'exit', '3')
    assert.equal(status, 3)
    assert.match(stderr, /^wasmsig: .*: --cpu-soft has no effect: .*\n$/)
  })
}
