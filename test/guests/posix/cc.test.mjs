// SPDX-License-Identifier: Apache-2.0 OR MIT
// wasmsig-cc is called like clang, and does what clang does.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { BUILD, CC, HOSTS, root, run } from './support/posix.mjs'

const source = (name) => join(root, `test/guests/posix/programs/${name}.c`)
const plain = source('plain')

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-cc-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const cc = (cwd, args, env = {}) =>
  spawnSync(CC, args, {
    encoding: 'utf8',
    cwd,
    env: { ...process.env, ...env },
    timeout: 60_000
  })

const exportsOf = (file) =>
  WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(file)))
    .map(({ name }) => name)
    .sort()

test('it makes a.out by default, as clang does', (t) => {
  const cwd = folder(t)
  const { status, stdout, stderr } = cc(cwd, [plain])
  assert.equal(status, 0, stderr)
  assert.equal(stdout + stderr, '')
  assert.deepEqual(readdirSync(cwd), ['a.out'])
  assert.ok(statSync(join(cwd, 'a.out')).mode & 0o100, 'not executable')
  const { status: of, stdout: said } = run(HOSTS.wasmtime, join(cwd, 'a.out'))
  assert.equal(said, 'hello, you\n')
  assert.equal(of, 7)
})

for (const args of [['-o', 'x y.wasm'], ['-ox y.wasm']])
  test(`it writes where ${args[0].slice(0, 2)} says: ${args}`, (t) => {
    const cwd = folder(t)
    assert.equal(cc(cwd, [...args, plain]).status, 0)
    assert.deepEqual(readdirSync(cwd), ['x y.wasm'])
  })

test('the module has the words and the function that polls call', (t) => {
  const cwd = folder(t)
  cc(cwd, [plain])
  assert.deepEqual(exportsOf(join(cwd, 'a.out')), [
    ...['__instance_signal', '__instance_signal_attention'],
    ...['__instance_signal_deliver', '__instance_signal_pending'],
    ...['__instance_terminated', '_start', 'memory']
  ])
})

test('programs without a use for them import nothing more than before', (t) => {
  const cwd = folder(t)
  cc(cwd, [plain])
  const module = new WebAssembly.Module(readFileSync(join(cwd, 'a.out')))
  const names = WebAssembly.Module.imports(module).map(({ name }) => name)
  assert.ok(!names.includes('sock_recv') && !names.includes('sock_accept'))
})

for (const [flag, product] of [
  ['-c', 'plain.o'],
  ['-S', 'plain.s']
])
  test(`with ${flag} it only compiles`, (t) => {
    const cwd = folder(t)
    const { status, stderr } = cc(cwd, [flag, plain])
    assert.equal(status, 0, stderr)
    assert.deepEqual(readdirSync(cwd), [product])
  })

test('with -c it writes where -o says, even to a.out', (t) => {
  const cwd = folder(t)
  assert.equal(cc(cwd, ['-c', '-o', 'a.out', plain]).status, 0)
  assert.deepEqual(readdirSync(cwd), ['a.out'])
})

test('clang has a second name for -c', (t) => {
  const cwd = folder(t)
  const { status, stderr } = cc(cwd, ['--compile', plain])
  assert.equal(status, 0, stderr)
  assert.deepEqual(readdirSync(cwd), ['plain.o'])
})

test('-E and -M write to standard output', (t) => {
  const cwd = folder(t)
  assert.match(cc(cwd, ['-E', plain]).stdout, /hello, %s/)
  assert.match(cc(cwd, ['-M', plain]).stdout, /^plain\.o:/)
  assert.deepEqual(readdirSync(cwd), [])
})

test('objects are linked, whoever compiled them', (t) => {
  const cwd = folder(t)
  assert.equal(cc(cwd, ['-c', plain, '-o', 'a b.o']).status, 0)
  assert.equal(cc(cwd, ['a b.o', '-o', 'p.wasm']).status, 0)
  assert.ok(exportsOf(join(cwd, 'p.wasm')).includes('__instance_signal'))
})

test('clang options with a value of their own keep it', (t) => {
  const cwd = folder(t)
  const args = ['-D', 'X="a b"', '-include', 'stdio.h', '-x', 'c', plain]
  const { status, stderr } = cc(cwd, ['-MD', '-MF', 'deps', ...args])
  assert.equal(status, 0, stderr)
  assert.deepEqual(readdirSync(cwd).sort(), ['a.out', 'deps'])
})

test('dependencies stand beside the output', (t) => {
  const cwd = folder(t)
  assert.equal(cc(cwd, ['-MMD', plain, '-o', 'p.wasm']).status, 0)
  assert.deepEqual(readdirSync(cwd).sort(), ['p.d', 'p.wasm'])
})

test('a compile error is of clang, and leaves what was there', (t) => {
  const cwd = folder(t)
  writeFileSync(join(cwd, 'bad.c'), 'int main(void) { return nothing; }\n')
  writeFileSync(join(cwd, 'a.out'), 'before')
  const { status, stderr } = cc(cwd, ['bad.c'])
  assert.equal(status, 1)
  assert.match(stderr, /bad\.c:1:\d+: error/)
  assert.equal(readFileSync(join(cwd, 'a.out'), 'utf8'), 'before')
})

test('what cannot be instrumented leaves what was there', (t) => {
  const cwd = folder(t)
  const tool = join(cwd, 'tool')
  writeFileSync(tool, '#!/bin/sh\necho tool: no >&2\nexit 1\n')
  chmodSync(tool, 0o755)
  writeFileSync(join(cwd, 'a.out'), 'before')
  const { status, stderr } = cc(cwd, [plain], { WASMSIG_COMMAND: tool })
  assert.equal(status, 1)
  assert.equal(stderr, 'tool: no\n')
  assert.equal(readFileSync(join(cwd, 'a.out'), 'utf8'), 'before')
})

test('its own options go to wasmsig instrument', (t) => {
  const cwd = folder(t)
  const tool = join(cwd, 'tool')
  writeFileSync(tool, '#!/bin/sh\necho "$@" >args\nexit 1\n')
  chmodSync(tool, 0o755)
  const options = ['--wasmsig-every=5', '--wasmsig-calls']
  cc(cwd, [...options, plain], { WASMSIG_COMMAND: tool })
  const args = readFileSync(join(cwd, 'args'), 'utf8')
  assert.match(args, /^instrument --every 5 --calls \S+ -o a\.out\n$/)
})

test('a bad number of turns is refused', (t) => {
  const cwd = folder(t)
  for (const number of ['none', ''])
    assert.equal(cc(cwd, [`--wasmsig-every=${number}`, plain]).status, 2)
  assert.deepEqual(readdirSync(cwd), [])
})

test('an unknown option of its own is refused', (t) => {
  const { status, stderr } = cc(folder(t), ['--wasmsig-nonsense', plain])
  assert.equal(status, 2)
  assert.match(stderr, /unknown option '--wasmsig-nonsense'/)
})

test('--wasmsig-no-polls links without polls', (t) => {
  const cwd = folder(t)
  cc(cwd, ['--wasmsig-no-polls', plain, '-o', 'without'])
  cc(cwd, [plain, '-o', 'with'])
  const size = (name) => statSync(join(cwd, name)).size
  assert.ok(size('without') < size('with'))
})

test('it says so when clang is missing', (t) => {
  const env = { WASMSIG_CLANG: 'no-such-clang' }
  const { status, stderr } = cc(folder(t), [plain], env)
  assert.equal(status, 127)
  assert.match(stderr, /no-such-clang/)
})

test('it says so when wasmsig is missing', (t) => {
  const cwd = folder(t)
  const { status, stderr } = cc(cwd, [plain], { WASMSIG_COMMAND: '/no/such' })
  assert.equal(status, 127)
  assert.match(stderr, /wasmsig/)
  assert.deepEqual(readdirSync(cwd), [])
})

test('CC names the compiler, unless it is this one or no clang', (t) => {
  const cwd = folder(t)
  const mine = join(cwd, 'my-clang')
  writeFileSync(mine, '#!/bin/sh\ntouch called\nexec clang-19 "$@"\n')
  chmodSync(mine, 0o755)
  assert.equal(cc(cwd, ['-c', plain], { CC: mine }).status, 0)
  assert.ok(existsSync(join(cwd, 'called')))
  for (const other of [CC, 'gcc'])
    assert.equal(cc(cwd, ['-c', plain], { CC: other }).status, 0)
})

test('CC may be this one in a folder of clangs, or have arguments', (t) => {
  const cwd = join(folder(t), 'clang')
  mkdirSync(cwd)
  const self = join(cwd, 'my-cc')
  symlinkSync(CC, self)
  for (const name of [self, 'ccache clang -m32'])
    assert.equal(cc(cwd, ['-c', plain], { CC: name }).status, 0)
})

test('folders of any name will do', (t) => {
  const cwd = folder(t)
  symlinkSync(BUILD, join(cwd, 'a, b'))
  const { status, stderr } = cc(cwd, [plain], {
    WASMSIG_BUILD: join(cwd, 'a, b')
  })
  assert.equal(status, 0, stderr)
})

test('a program that asks for what is the default anyway hears signals', (t) => {
  const cwd = folder(t)
  cc(cwd, ['-mexec-model=command', source('actions'), '-o', 'p.wasm'])
  const { status } = run(HOSTS.wasmtime, join(cwd, 'p.wasm'), 'host_runs')
  assert.equal(status, 0)
})

test('it works through a link from anywhere', (t) => {
  const cwd = folder(t)
  symlinkSync(CC, join(cwd, 'my-cc'))
  const { status, stderr } = spawnSync(join(cwd, 'my-cc'), [plain], {
    encoding: 'utf8',
    cwd
  })
  assert.equal(status, 0, stderr)
})

test('questions to clang are answered by clang', (t) => {
  assert.match(cc(folder(t), ['--version']).stdout, /clang version/)
  assert.match(cc(folder(t), ['-v']).stderr, /Target: wasm32/)
})

test('--help tells of its options', (t) => {
  const { status, stdout } = cc(folder(t), ['--help'])
  assert.equal(status, 0)
  assert.match(stdout, /--wasmsig-every=N/)
})

test('-lwasi-emulated-signal changes nothing', (t) => {
  const cwd = folder(t)
  const flags = ['-D_WASI_EMULATED_SIGNAL', '-lwasi-emulated-signal']
  const args = [...flags, source('actions'), '-o', 'p.wasm', ...flags]
  const { status, stderr } = cc(cwd, args)
  assert.equal(status, 0, stderr)
  const { status: of } = run(HOSTS.wasmtime, join(cwd, 'p.wasm'), 'host_runs')
  assert.equal(of, 0)
})

test('a strict C11 program sees no more names than ISO C has', (t) => {
  const cwd = folder(t)
  writeFileSync(
    join(cwd, 'strict.c'),
    `#include <signal.h>
     static int kill, sigaction, sigset_t, SA_RESTART;
     int main(void) { return kill + sigaction + sigset_t + SA_RESTART; }\n`
  )
  const args = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror']
  const { status, stderr } = cc(cwd, [...args, 'strict.c'])
  assert.equal(status, 0, stderr)
})
