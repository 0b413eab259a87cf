// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The example as a user runs it: whether its figures are right, not how good.
 * Every time in here is CPU time, which a busy machine does not stretch.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { digitsOfPi } from './support/chudnovsky.mjs'
import { PI_WASM, pressCtrlC, runPi } from './support/example.mjs'
import { GUESTS, assemble } from './support/guests.mjs'

const FIRST_50 = '31415926535897932384626433832795028841971693993751'

let directory
before(async () => (directory = await mkdtemp(join(tmpdir(), 'wasmsig-pi-'))))
after(() => rm(directory, { recursive: true }))

describe('the figures of the pi example', () => {
  let run, signalled, stopped, interrupted

  before(async () => {
    run = await runPi('--json')
    assert.equal(run.status, 0, run.stderr)
    const figures = JSON.parse(run.stdout)
    signalled = figures.signalled
    stopped = figures.stopped
    interrupted = figures['Ctrl-C']
  })

  test('the guest receives SIGXCPU at its soft limit, not before', () => {
    assert.equal(signalled.signal, 24)
    assert.equal(signalled.softMs, 50)
    assert.ok(signalled.signalledCpuMs >= 50)
  })

  test('it was signalled before it returned', () => {
    assert.ok(signalled.returnedCpuMs >= signalled.signalledCpuMs)
    assert.ok(interrupted.returnedCpuMs >= interrupted.signalledCpuMs)
  })

  test('its partial result is right to the last digit', () => {
    for (const { digits, text } of [signalled, interrupted]) {
      assert.ok(digits > 50, `only ${digits} digits`)
      assert.equal(text.length, digits)
      assert.equal(text.slice(0, 50), FIRST_50)
      assert.equal(text, digitsOfPi(digits))
    }
  })

  test('its partial result is partial', async () => {
    const capacity = await capacityOf(PI_WASM)
    assert.ok(signalled.digits < capacity)
    assert.ok(interrupted.digits < capacity)
  })

  test('a guest that ignores SIGXCPU is killed at its hard limit', () => {
    assert.equal(stopped.code, 'ERR_WASMSIG_CPU_LIMIT')
    assert.equal(stopped.hardMs, 100)
    assert.equal(stopped.limitMs, 100)
    assert.ok(stopped.usedMs >= 100, `killed at ${stopped.usedMs} ms`)
  })

  test('it was signalled at its soft limit, before it was killed', () => {
    assert.ok(
      stopped.signalledCpuMs >= 50,
      `signalled at ${stopped.signalledCpuMs} ms`
    )
    assert.ok(stopped.signalledCpuMs < stopped.usedMs)
  })

  test('its host goes on: 10 000 limited calls answer right', () => {
    assert.equal(stopped.calls, 10_000)
    assert.equal(stopped.right, 10_000)
    assert.ok(stopped.microsecondsPerCall > 0)
  })

  test('a busy guest receives SIGINT, after it was sent', () => {
    assert.equal(interrupted.signal, 2)
    assert.ok(interrupted.receivedAfterKillMs > 0)
    assert.ok(
      interrupted.returnedCpuMs < 20_000,
      'it ran into its safety limit'
    )
  })

  test('progress is on standard error, a line a step', () => {
    const names = run.stderr.match(/^[^:\n]+(?=: .*\.\.\.$)/gm)
    assert.deepEqual(names, ['signalled', 'stopped', 'Ctrl-C'])
  })
})

describe('the command of the pi example', () => {
  test('without options it prints a table of all steps', async () => {
    const { status, stdout } = await runPi()
    assert.equal(status, 0)
    const interrupted = '(│ +\\d+\\.\\d\\d ms ){3}│ \\d+ digits '
    assert.match(stdout, RegExp(`│ signalled +${interrupted}`))
    assert.match(stdout, /│ stopped +│ +\d+\.\d\d ms │.* CpuLimitError caught /)
    assert.match(stdout, RegExp(`│ Ctrl-C +${interrupted}`))
    assert.equal(stdout.match(/3\.141592653\.\.\.\d{10} /g)?.length, 2)
  })

  // The program must then not send its own interrupt: no guest would handle
  // that second SIGINT, so it would end the process.
  test('at a terminal it receives the Ctrl-C of a person', () => {
    const { output, status } = pressCtrlC('press Ctrl-C now')
    assert.match(output, /│ Ctrl-C .* ms │ \d+ digits /)
    assert.equal(status, 0)
  })

  test('--help lists every option and ends with 0', async () => {
    const { status, stdout } = await runPi('--help')
    assert.equal(status, 0)
    assert.match(stdout, /^Usage: .*\[--json\] \[PATH/)
    assert.match(stdout, /--help/)
  })

  for (const args of [['--jsn'], ['--json=1'], ['one.wasm', 'two.wasm']])
    test(`${args.join(' ')} is wrong usage`, async () => {
      const { status, stdout, stderr } = await runPi(...args)
      assert.equal(status, 2)
      assert.equal(stdout, '')
      assert.match(stderr, /^pi: .*\n.*--help\n$/)
    })

  test('a missing file ends with 1 and the advice to build', async () => {
    const path = join(directory, 'nowhere.wasm')
    const { status, stdout, stderr } = await runPi(path)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.equal(stderr, `pi: ${path} is missing: run \`make build\`\n`)
  })

  test('a file that is no module ends with 1', async () => {
    const path = join(directory, 'text.wasm')
    await writeFile(path, 'this is text')
    const { status, stderr } = await runPi(path)
    assert.equal(status, 1)
    assert.match(stderr, /^pi: .*text\.wasm cannot be used: .*\n$/)
  })
})

describe('the checks of the pi example', () => {
  const runGuest = async (name) => {
    const path = join(directory, `${name}.wasm`)
    await writeFile(path, assemble(GUESTS[name]))
    return runPi('--json', path)
  }

  test('another guest that does all this passes', async () => {
    const { status, stdout, stderr } = await runGuest('honest')
    assert.equal(status, 0, stderr)
    assert.equal(JSON.parse(stdout).signalled.text, '31415')
  })

  const COMPLAINTS = {
    unreached: ['signalled', /without SIGXCPU/],
    hasty: ['signalled', /before its soft limit/],
    mistaken: ['signalled', /received 2, not SIGXCPU/],
    miscalculating: ['signalled', /digit number 5 is wrong/],
    empty: ['signalled', /no digits/],
    finished: ['signalled', /computed all its digits/],
    crashing: ['signalled', /unreachable/],
    obedient: ['stopped', /the guest returned/],
    silent: ['stopped', /without a signal before/],
    trapping: ['stopped', /not a CpuLimitError, but: RuntimeError/],
    forgetful: ['stopped', /only 1 of 10000 calls/],
    unconcerned: ['Ctrl-C', /without SIGINT/]
  }
  for (const [name, [step, complaint]] of Object.entries(COMPLAINTS))
    test(`a guest that is ${name} fails the step ${step}`, async () => {
      const { status, signal, stdout, stderr } = await runGuest(name)
      assert.equal(signal, null)
      assert.equal(status, 1)
      assert.equal(stdout, '')
      const lastLine = stderr.trimEnd().split('\n').at(-1)
      assert.ok(lastLine.startsWith(`pi: step ${step} failed: `), lastLine)
      assert.match(lastLine, complaint)
    })
})

async function capacityOf(path) {
  const imports = { host: { received() {} } }
  const bytes = await readFile(path)
  const { instance } = await WebAssembly.instantiate(bytes, imports)
  return instance.exports.capacity()
}
