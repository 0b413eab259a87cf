// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The tests of the command, with the command from the archives: for musl with
 * Debian's loader of musl, for 64-bit Arm in an emulator.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { folder, guest } from '../cli/support/command.mjs'
import { begin } from '../support/processes.mjs'
import { SYSTEMS, runTests, runnable, unpack } from './support/commands.mjs'

const place = mkdtempSync(join(tmpdir(), 'wasmsig-systems-'))
after(() => rmSync(place, { recursive: true }))

const signals = guest('signals')
const plain = guest('plain')
const file = (name) => `test/cli/${name}.test.mjs`

/** Runs the tests in `files`, and compares what fails with what may. */
function passes(system, files, options) {
  const command = runnable(system, unpack(system, join(place, system)), place)
  const { passed, failures, output } = runTests(command, files, options)
  assert.deepEqual(failures, [], output)
  assert.ok(passed > 0, output)
}

test('x64-musl: the tests of signals and limits pass', () => {
  passes('x64-musl', ['signals', 'limits', 'grace'].map(file))
})

for (const system of SYSTEMS) {
  test(`${system}: a module is compiled once, and its code is kept`, () => {
    const command = runnable(system, unpack(system, join(place, system)), place)
    const cache = join(place, `${system}-cache`)
    const env = { ...process.env, XDG_CACHE_HOME: cache }
    const call = (...args) =>
      spawnSync(command, args, { encoding: 'utf8', env })
    const entries = () => {
      const kept = join(cache, 'wasmsig/compiled')
      return readdirSync(kept).map((name) => statSync(join(kept, name)).ino)
    }
    assert.equal(call('run', plain, 'exit', '7').status, 7)
    const compiled = entries()
    assert.equal(compiled.length, 1)
    assert.equal(call('run', plain, 'exit', '8').status, 8)
    assert.deepEqual(entries(), compiled) // a new one is another file
    assert.match(call('cache', 'list').stdout, /^1 module, /m)
  })
}

// --------------------------------------------------------------- 64-bit Arm
//
// qemu translates a program while it runs, on the CPU time of the thread that is
// limited, so limits are generous here. Of the command's other tests those with
// limits of milliseconds fail in it for that reason, and some for others, which the
// last tests here show with programs that are not ours.

for (const system of ['arm64-glibc', 'arm64-musl']) {
  const command = runnable(system, unpack(system, join(place, system)), place)
  const run = (engine, ...args) =>
    spawnSync(command, ['run', '--engine', engine, ...args], {
      encoding: 'utf8'
    })

  for (const engine of ['wasmtime', 'wamr']) {
    test(`${system}, ${engine}: a soft limit is received`, () => {
      const all = ['--cpu-soft', '1s', '--no-cache', signals, 'busy']
      const { status, stdout } = run(engine, ...all)
      assert.deepEqual([status, stdout], [10, 'busy\nreceived 24\n'])
    })

    test(`${system}, ${engine}: a hard limit ends a program`, () => {
      const all = ['--cpu-hard', '1s', '--no-cache', plain, 'quiet']
      const { status, stderr } = run(engine, ...all)
      assert.match(stderr, /stopped at its CPU limit/)
      assert.equal(status, 152)
    })

    for (const [name, number] of [
      ['SIGTERM', 15],
      ['SIGINT', 2]
    ]) {
      test(`${system}, ${engine}: ${name} reaches a busy program`, async (t) => {
        const all = ['run', '--engine', engine, '--no-cache', signals, 'busy']
        const { child, said, ended } = begin(t, command, all)
        await said('busy')
        child.kill(name)
        const { status, stdout } = await ended
        assert.deepEqual([status, stdout], [10, `busy\nreceived ${number}\n`])
      })
    }
  }

  test(`${system}: the tests of inspect pass`, () => {
    passes(system, [file('inspect')])
  })
}

/** Compiles C for 64-bit Arm, statically: a program that is not ours. */
function other(t, code) {
  const program = join(folder(t), 'program')
  writeFileSync(`${program}.c`, code)
  const words = ['-O1', '-static', `${program}.c`, '-o', program]
  execFileSync('aarch64-linux-gnu-gcc', words)
  return program
}
const shell = (line, program) =>
  spawnSync('sh', ['-c', line, 'sh', program], { encoding: 'utf8' })

test('qemu adds a line of its own when a signal dumps core', (t) => {
  const quits =
    '#include <signal.h>\nint main(void) { return raise(SIGQUIT); }\n'
  const { stderr } = shell('exec qemu-aarch64 "$1"', other(t, quits))
  assert.match(stderr, /^qemu: uncaught target signal 3 /)
})

test('qemu itself does not start with little memory', (t) => {
  const program = other(t, 'int main(void) { return 10; }\n')
  const little = shell('ulimit -d 16384; exec qemu-aarch64 "$1"', program)
  assert.match(little.stderr, /^qemu-aarch64: /)
  assert.equal(shell('exec qemu-aarch64 "$1"', program).status, 10)
})

test('qemu itself dies of two fault signals at once', async (t) => {
  const handles = `
#include <signal.h>
#include <unistd.h>
static volatile unsigned turns;
static void on_fault(int signal) { (void)signal; }
int main(void) {
  signal(SIGFPE, on_fault);
  signal(SIGSEGV, on_fault);
  write(1, "busy", 4);
  for (;;) turns++;
}`
  const program = other(t, handles)
  let signal
  for (let i = 0; i < 50 && signal !== 'SIGSEGV'; i++) {
    const { child, said, ended } = begin(t, 'qemu-aarch64', [program])
    await said('busy')
    for (const name of ['SIGFPE', 'SIGSEGV', 'SIGTERM']) child.kill(name)
    signal = (await ended).signal
  }
  assert.equal(signal, 'SIGSEGV') // a program alone ends by SIGTERM
})
