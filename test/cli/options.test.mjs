// SPDX-License-Identifier: Apache-2.0 OR MIT
// Bad input gives one line on standard error, and a status for its cause. Help
// is on standard output.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import initialise from 'wabt'

import { PATIENCE_MS } from '../support/patience.mjs'
import {
  COMMAND,
  ENGINES,
  command,
  folder,
  guest,
  noAddressSpace,
  run
} from './support/command.mjs'

const wabt = await initialise()
const plain = guest('plain')
const exits = [plain, 'exit', '0']

/** Wrong usage: status 2, nothing on standard output, one line. */
function assertUsage(args, says) {
  const { status, stdout, stderr } = command(args)
  assert.match(stderr, says)
  assert.match(stderr, /^[^\n]+\n$/)
  assert.equal(stdout, '')
  assert.equal(status, 2)
}

// ------------------------------------------------------------------- usage

const noTimes = {
  'is not a time; expected': ['-5ms', '', 'ms', '1.ms', '.5s', 'NaNs', '+1s'],
  'has no unit; expected a number and ns, us, ms, s or m': ['10', '0', '1.5'],
  'has an unknown unit; expected': ['1e4s', '5 ms', '1.2.3s', '5hours', '1S'],
  'is too large; at most 9223372036s': [
    ...['99999999999s', '9223372036854775808ns', '153722868m'],
    `${'9'.repeat(400)}ns`
  ],
  'is 0; a limit is 1ns or more': ['0s', '0.0ms', '0.9ns']
}
for (const [says, times] of Object.entries(noTimes)) {
  for (const time of times) {
    test(`'${time.slice(0, 24)}' ${says}`, () => {
      const { stderr, status } = command(['run', '--cpu-soft', time, ...exits])
      const start = `wasmsig run: --cpu-soft: '${time}' ${says}`
      assert.equal(stderr.slice(0, start.length), start)
      assert.match(stderr, /^[^\n]+\n$/)
      assert.equal(status, 2)
    })
  }
}

for (const time of [
  ...['250ms', '1.5s', '800us', '100000000ns', '0.25s', '2m'],
  ...['9223372036s', '9223372036854775807ns', '000000000000000000000002s']
]) {
  test(`'${time}' is a time`, () => {
    assert.equal(command(['run', '--cpu-hard', time, ...exits]).status, 0)
  })
}

test('a soft limit above the hard one is refused', () => {
  const limits = ['--cpu-soft', '2s', '--cpu-hard', '1s']
  assertUsage(['run', ...limits, ...exits], /--cpu-soft is above --cpu-hard/)
})

test('an unknown signal is refused', () => {
  for (const name of ['SIGFOO', '0', '65', '-1', '', '2x']) {
    const says = /--signal: there is no signal/
    assertUsage(['run', '--signal', name, ...exits], says)
    const list = ['--forward', `INT,${name}`]
    assertUsage(['run', ...list, ...exits], /--forward: there is no signal/)
  }
})

test('a signal that cannot be forwarded is refused', () => {
  for (const name of ['KILL', 'STOP', 'SEGV', 'TSTP', '32']) {
    const says = /--forward: SIG.* cannot be forwarded/
    assertUsage(['run', '--forward', name, ...exits], says)
  }
})

test('a missing folder, or a file in its place, is refused', (t) => {
  const file = join(folder(t), 'file')
  writeFileSync(file, '')
  assertUsage(
    ['run', '--dir', '/nowhere', ...exits],
    /--dir: \/nowhere: No such/
  )
  assertUsage(['run', '--dir', file, ...exits], /is not a folder/)
  assertUsage(['run', '--dir', '::x', ...exits], /write FOLDER/)
})

test('a name with :: in it or : at its end is refused', () => {
  for (const name of ['/in::more', '::', '/in:', 'a::']) {
    const says = /--dir: '.*' is no valid name/
    assertUsage(['run', '--dir', `/tmp::${name}`, ...exits], says)
  }
  const { status } = command(['run', '--dir', '/tmp::a:b', ...exits])
  assert.equal(status, 0)
})

test('a variable without a name, or unset, is refused', () => {
  assertUsage(['run', '--env', '=x', ...exits], /write NAME=VALUE/)
  assertUsage(['run', '--env', 'NOT_THERE', ...exits], /not in the environment/)
})

test('unknown options, engines and commands are refused', () => {
  assertUsage(['run', '--foo', ...exits], /there is no option '--foo'/)
  assertUsage(['run', '--engine', 'v8', ...exits], /no engine 'v8'/)
  assertUsage(['run', '--cpu-hard'], /--cpu-hard needs a value/)
  assertUsage(['run'], /FILE.wasm is missing/)
  assertUsage(['inspect'], /FILE.wasm is missing/)
  assertUsage(['inspect', '-x', plain], /there is no option/)
  assertUsage(['inspect', plain, plain], /one file at a time/)
  assertUsage(['walk'], /there is no command 'walk'/)
})

test('an error names the option in a cluster, not the next word', () => {
  assertUsage(['run', '-xh', ...exits], /run: there is no option '-x' /)
  assertUsage(['inspect', '-xh', plain], /inspect: there is no option '-x' /)
})

test('a needless value, or an ambiguous option, is refused', () => {
  assertUsage(['run', '--json=1', ...exits], /'--json' takes no value/)
  assertUsage(['inspect', '--json=1', plain], /'--json' takes no value/)
  assertUsage(['inspect', '--help=1', plain], /'--help' takes no value/)
  assertUsage(['run', '--s', ...exits], /'--s' is ambiguous/)
  assertUsage(['run', '--cpu=1s', ...exits], /'--cpu' is ambiguous/)
  assertUsage(['run', '--foo=1', ...exits], /there is no option '--foo'/)
  assertUsage(['inspect', '--foo', plain], /there is no option '--foo'/)
  assert.equal(command(['run', '--cpu-h', '1s', ...exits]).status, 0)
})

test('--stats has a format, text or json', () => {
  assertUsage(['run', '--stats=1', ...exits], /--stats: '1' is not text or/)
  const printed = (...options) => command(['run', ...options, ...exits]).stderr
  assert.match(printed('--stats=text'), /^wasmsig: .* exit status 0\n/)
  assert.equal(JSON.parse(printed('--stats=json')).ended, 'exit')
  assert.equal(JSON.parse(printed('--stats=json', '--stats')).ended, 'exit')
})

const noSizes = {
  'is not a size; expected': ['-5MiB', '', 'MiB', '1.MiB'],
  'has no unit; expected a number and B, KiB, MiB or GiB': ['10', '0', '1.5'],
  'has an unknown unit; expected': ['1MB', '5 MiB', '1TiB', '1m'],
  'is too large; at most 8589934591GiB': ['8589934592GiB', '99999999999GiB'],
  'is 0; a limit is 1B or more': ['0B', '0.0KiB', '0.9B']
}
for (const [says, sizes] of Object.entries(noSizes)) {
  test(`a size that ${says}`, () => {
    for (const size of sizes) {
      const { stderr, status } = command([
        ...['run', '--max-memory', size, ...exits]
      ])
      const start = `wasmsig run: --max-memory: '${size}' ${says}`
      assert.equal(stderr.slice(0, start.length), start)
      assert.equal(status, 2)
    }
  })
}

test("a limit after the file is the program's, with a hint", () => {
  const says = /^wasmsig: .*: hint: '(--[\w-]+)[^']*' after the file [^\n]+\n$/
  for (const limit of [
    ...['--cpu-soft', '--cpu-hard=1s', '--cpu-compile'],
    ...['--wall', '--max-memory=1GiB']
  ]) {
    const { stdout, stderr } = command(['run', plain, 'arguments', limit, 'x'])
    assert.equal(stdout, `${limit}\nx\n`)
    assert.equal(says.exec(stderr)[1], limit.split('=')[0])
  }
})

test('other words after the file, or -- before it, give no hint', () => {
  for (const args of [
    [plain, 'arguments', '--stats', '--cpu-softer', '--', '--cpu-soft'],
    ['--', plain, 'arguments', '--cpu-soft']
  ])
    assert.equal(command(['run', ...args]).stderr, '')
})

test('control characters in arguments and paths are escaped', (t) => {
  assertUsage(['a\nb\x1b[2J'], /no command 'a\\0ab\\1b\[2J'/)
  assertUsage(['run', '--engine', 'é\u009b\x7f'], /no engine 'é\\c2\\9b\\7f'/)
  const path = join(folder(t), 'a\nb')
  writeFileSync(path, 'hello')
  for (const args of [
    ['run', path],
    ['inspect', path]
  ]) {
    assert.match(command(args).stderr, /^wasmsig: [^\n]*a\\0ab: [^\n]+\n$/)
  }
})

test('a long argument is printed in full', () => {
  const name = 'long '.repeat(6000)
  assert.ok(command([name]).stderr.includes(`'${name}'`))
})

test('without a command the help is an error message', () => {
  const { status, stderr } = command([])
  assert.equal(status, 2)
  assert.match(stderr, /^Usage: wasmsig/)
})

test('help and version are on standard output', () => {
  for (const [args, says] of [
    [['--help'], /^Usage: wasmsig COMMAND/],
    [['help', 'run'], /^Usage: wasmsig run/],
    [['run', '--help'], /^Usage: wasmsig run/],
    [['inspect', '-h'], /^Usage: wasmsig inspect/],
    [['--version'], /^wasmsig \d+\.\d+\.\d+\n$/]
  ]) {
    const { status, stdout, stderr } = command(args)
    assert.match(stdout, says)
    assert.equal(stderr, '')
    assert.equal(status, 0)
  }
})

test('help for an unknown command is wrong usage', () => {
  assertUsage(['help', 'nothing'], /there is no command 'nothing'/)
})

test('help that cannot be written is an error', () => {
  for (const args of ['--help', 'help run', 'inspect --help', '--version']) {
    const { status, stderr } = spawnSync(
      ...['sh', ['-c', `"$0" ${args} >/dev/full`, COMMAND]],
      { encoding: 'utf8' }
    )
    assert.equal(stderr, 'wasmsig: standard output: No space left on device\n')
    assert.equal(status, 1)
  }
})

// ------------------------------------------------------------------- files

const skip = noAddressSpace
test(
  'an endless file that is no module is not read to its end',
  { skip },
  () => {
    const { status, stderr } = spawnSync(
      ...['sh', ['-c', 'ulimit -v 4000000; "$0" run /dev/zero', COMMAND]],
      { encoding: 'utf8', timeout: PATIENCE_MS }
    )
    assert.match(
      stderr,
      /^wasmsig: \/dev\/zero: it is not a WebAssembly binary/
    )
    assert.equal(status, 1)
  }
)

const text = (body) =>
  wabt.parseWat('test.wat', `(module ${body})`, { threads: true }).toBinary({})
    .buffer

/** A function that should return an i32, and returns nothing. */
const broken = (name) =>
  Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0, 7, 10, 1, 6, ...Buffer.from(name), 0, 0],
    ...[10, 5, 1, 3, 0, 0x1a, 0x0b]
  )

for (const engine of ENGINES) {
  /** Status 1 and one line that names the file. */
  const assertUnrunnable = (t, bytes, says) => {
    const path = join(folder(t), 'file.wasm')
    writeFileSync(path, bytes)
    const { status, stdout, stderr } = run(engine, [path])
    assert.match(stderr, says)
    assert.match(
      stderr,
      /^wasmsig: [^\n]*file\.wasm: [^\n]+\n(wasmsig: hint: [^\n]+\n)*$/
    )
    assert.equal(stdout, '')
    assert.equal(status, 1)
  }

  test(`${engine}: a file that is not wasm is refused`, (t) => {
    assertUnrunnable(t, 'hello', /not a WebAssembly binary/)
    assertUnrunnable(t, '', /not a WebAssembly binary/)
    assertUnrunnable(t, '(module)', /text/)
  })

  test(`${engine}: a component that is no command is refused`, (t) => {
    const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)
    assertUnrunnable(t, bytes, /it is a component|it is no command/)
  })

  test(`${engine}: a truncated module is refused`, (t) => {
    const bytes = readFileSync(plain)
    assertUnrunnable(t, bytes.subarray(0, 700), /ends too early, at byte 700/)
  })

  test(`${engine}: an invalid module is refused`, (t) => {
    assertUnrunnable(t, broken('_start'), /file\.wasm: (?!it)/)
  })

  test(`${engine}: a module without _start is refused before it is compiled`, (t) => {
    const says = /no function _start: it is not a program/
    assertUnrunnable(t, broken('_stark'), says)
    assertUnrunnable(t, text('(memory (export "_start") 1)'), says)
  })

  test(`${engine}: a program that needs threads is refused`, (t) => {
    const says = /it needs threads \(wasi-threads\)/
    const memory = '(import "env" "memory" (memory 1 2 shared))'
    const start = '(func (export "_start"))'
    assertUnrunnable(t, text(memory + start), says)
    const spawn = `(import "wasi" "thread-spawn"
      (func (param i32) (result i32))) (memory (export "memory") 1)`
    assertUnrunnable(t, text(spawn + start), says)
    const unshared = '(import "env" "memory" (memory 1))'
    assertUnrunnable(t, text(unshared + start), /it imports its memory/)
  })

  test(`${engine}: a shared memory alone needs no threads`, (t) => {
    const path = join(folder(t), 'file.wasm')
    writeFileSync(
      path,
      text(`(memory (export "memory") 1 2 shared) (func (export "_start")
        (drop (i32.atomic.load (i32.const 0))))`)
    )
    const { status, stderr } = run(engine, [path])
    assert.equal(stderr, '')
    assert.equal(status, 0)
  })

  test(`${engine}: an error names an import that WASI does not have`, (t) => {
    // (import "env" "foo" (func)) (memory (export "memory") 1)
    // (func (export "_start"))
    const bytes = Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0],
      ...[2, 11, 1, 3, 0x65, 0x6e, 0x76, 3, 0x66, 0x6f, 0x6f, 0, 0],
      ...[3, 2, 1, 0, 5, 3, 1, 0, 1],
      ...[7, 19, 2, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0],
      ...[6, 0x5f, 0x73, 0x74, 0x61, 0x72, 0x74, 0, 1, 10, 4, 1, 2, 0, 0x0b]
    )
    assertUnrunnable(t, bytes, /unknown import: `env::foo`/)
  })

  test(`${engine}: an empty module is refused`, (t) => {
    const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    assertUnrunnable(t, bytes, /no function _start/)
  })

  test(`${engine}: a missing file, or a folder, is refused`, (t) => {
    const missing = run(engine, ['/nowhere/x.wasm'])
    assert.equal(missing.status, 1)
    assert.equal(
      missing.stderr,
      'wasmsig: /nowhere/x.wasm: No such file or directory\n'
    )
    const path = folder(t)
    assert.equal(run(engine, [path]).status, 1)
    assert.match(run(engine, [path]).stderr, /Is a directory/)
  })

  test(`${engine}: a module may come from standard input`, () => {
    const input = readFileSync(plain)
    assert.equal(run(engine, ['-', 'exit', '5'], { input }).status, 5)
  })
}
