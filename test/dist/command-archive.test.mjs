// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The command from the archives that `make dist` makes: unpacked, not installed. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { folder, guest } from '../cli/support/command.mjs'
import { begin } from '../support/processes.mjs'
import {
  SYSTEMS,
  archive,
  archiveName,
  runnable,
  unpack
} from './support/commands.mjs'
import { ROOT, VERSION, namesIn } from './support/packages.mjs'

const signals = guest('signals')
const plain = guest('plain')
const text = (file, args) => execFileSync(file, args, { encoding: 'utf8' })

const LIBRARIES = {
  glibc: ['libwasmsig-workerd.so', 'libwasmtime.so'],
  musl: ['libgcc_s.so.1', 'libwasmtime.so']
}
const LICENCES = {
  glibc: ['glibc'],
  musl: ['libunwind', 'musl']
}
// What each file may require of the system, and nothing else.
const SYSTEM_LIBRARIES = {
  glibc:
    /^(lib(c|m)\.so\.6|lib(dl)\.so\.2|lib(pthread)\.so\.0|libgcc_s\.so\.1|ld-linux.*)$/,
  musl: /^libc\.so$/
}

const needed = (file) =>
  [
    ...text('llvm-readelf-19', ['--needed-libs', file]).matchAll(/^ +(\S+)$/gm)
  ].map(([, name]) => name)

for (const system of SYSTEMS) {
  const libc = system.split('-')[1]

  test(`${system}: it contains the command and nothing else`, () => {
    const licences = [
      ...['APACHE', 'MIT', 'wamr', 'wasmtime', 'xxhash', 'zig'],
      ...LICENCES[libc]
    ]
    assert.deepEqual(
      namesIn(archive(system)),
      [
        'bin/wasmsig',
        ...LIBRARIES[libc].map((name) => `lib/wasmsig/${name}`),
        'share/bash-completion/completions/wasmsig',
        ...licences.map((name) => `share/doc/wasmsig/LICENSE-${name}`),
        'share/doc/wasmsig/README.md',
        'share/man/man1/wasmsig.1',
        'share/wasmsig/wit/signals.wit'
      ]
        .map((name) => `${archiveName(system)}/${name}`)
        .sort()
    )
  })

  test(`${system}: its files are root's, and of one time`, () => {
    const lines = text('tar', ['tvf', archive(system), '--numeric-owner'])
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/))
    assert.deepEqual(new Set(lines.map((words) => words[1])), new Set(['0/0']))
    assert.equal(new Set(lines.map((words) => words[3] + words[4])).size, 1)
  })

  test(`${system}: nothing names the folder of the build`, (t) => {
    const root = unpack(system, folder(t))
    const arguments_ = ['-rlF', ROOT.slice(0, -1), root]
    const { stdout } = spawnSync('grep', arguments_, { encoding: 'utf8' })
    assert.equal(stdout, '')
  })

  test(`${system}: it requires its own files, and the C library`, (t) => {
    const root = unpack(system, folder(t))
    const own = LIBRARIES[libc]
    for (const file of ['bin/wasmsig', ...own.map((o) => `lib/wasmsig/${o}`)])
      for (const name of needed(join(root, file)))
        assert.ok(
          own.includes(name) || SYSTEM_LIBRARIES[libc].test(name),
          `${file} requires ${name}`
        )
  })

  test(`${system}: a folder with a space in its name`, (t) => {
    const place = folder(t)
    const root = unpack(system, join(place, 'a folder'))
    const command = runnable(system, root, place)
    assert.equal(text(command, ['--version']), `wasmsig ${VERSION}\n`)
    for (const engine of ['wasmtime', 'wamr']) {
      const words = ['run', '--engine', engine, plain, 'exit', '42']
      assert.equal(spawnSync(command, words).status, 42, engine)
    }
  })

  test(`${system}: the command through a link in another folder`, (t) => {
    const place = folder(t)
    const root = unpack(system, join(place, 'here'))
    const link = join(place, 'bin')
    execFileSync('ln', ['-s', join(root, 'bin'), link])
    const command = runnable(system, place, place)
    assert.equal(text(command, ['--version']), `wasmsig ${VERSION}\n`)
  })
}

// ------------------------------------------------- musl beside other systems

test('x64-musl: its unwinder is loaded, not one of the system', async (t) => {
  const root = unpack('x64-musl', folder(t))
  const command = join(root, 'bin/wasmsig')
  const { child, said } = begin(t, command, ['run', signals, 'busy'])
  await said('busy')
  const maps = readFileSync(`/proc/${child.pid}/maps`, 'utf8')
  const loaded = [...maps.matchAll(/^.* (\/.*)$/gm)].map(([, name]) => name)
  assert.deepEqual(
    [...new Set(loaded)].filter((name) => /libgcc_s|\/libc|ld-/.test(name)),
    [join(root, 'lib/wasmsig/libgcc_s.so.1'), muslLoader()].sort()
  )
})

// ------------------------------------------------------- a root of its own

const loaders = {
  'x64-glibc': ['/lib64/ld-linux-x86-64.so.2'],
  'x64-musl': ['/lib/ld-musl-x86_64.so.1']
}
// Where the loader of glibc searches, and what the archive does not contain.
const GLIBC = [
  ...['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0'],
  'libgcc_s.so.1'
]

/** The files of the system that the command may need, and no others. */
function systemFiles(system) {
  const places = [
    '/lib/x86_64-linux-gnu',
    '/usr/lib/x86_64-linux-gnu',
    '/lib64'
  ]
  const find = (name) =>
    places.map((p) => join(p, name)).find((path) => existsSync(path))
  const libraries = system === 'x64-musl' ? [] : GLIBC
  return [
    ...loaders[system].map((path) => [path, path]),
    ...libraries.map((name) => [find(name), `/lib/x86_64-linux-gnu/${name}`])
  ]
}

/** Why no process can have a root of its own here, or nothing. */
function noRoots() {
  const { status, stderr } = spawnSync('unshare', [...UNSHARE, 'true'], {
    encoding: 'utf8'
  })
  return status === 0 ? undefined : `needs unshare(1): ${stderr.trim()}`
}
const UNSHARE = [
  ...(process.getuid() === 0 ? [] : ['--map-root-user']),
  ...['--mount', '--pid', '--fork', '--mount-proc']
]

for (const system of Object.keys(loaders)) {
  test(`${system}: it runs beside the C library and nothing else`, (t) => {
    const why = noRoots()
    if (why && process.env.WASMSIG_CONTAINERS !== 'required') return t.skip(why)
    const root = folder(t)
    renameSync(unpack(system, root), join(root, 'wasmsig'))
    for (const [from, to] of systemFiles(system)) {
      mkdirSync(join(root, dirname(to)), { recursive: true })
      copyFileSync(from, join(root, to))
    }
    mkdirSync(join(root, 'proc'))
    copyFileSync(plain, join(root, 'plain.wasm'))
    copyFileSync(signals, join(root, 'signals.wasm'))
    for (const engine of ['wasmtime', 'wamr']) {
      const run = (...args) =>
        spawnSync(
          'unshare',
          [
            ...[...UNSHARE, `--root=${root}`],
            ...['/wasmsig/bin/wasmsig', 'run', '--engine', engine, ...args]
          ],
          { encoding: 'utf8' }
        )
      const soft = run('--cpu-soft', '50ms', '/signals.wasm', 'busy')
      assert.deepEqual(
        [soft.stderr, soft.stdout, soft.status],
        ['', 'busy\nreceived 24\n', 10]
      )
      const hard = run('--cpu-hard', '50ms', '/plain.wasm', 'quiet')
      assert.equal(hard.status, 152, hard.stderr)
      // Wasmtime unwinds the stack to tell where a trap is.
      const trap = run('/plain.wasm', 'trap')
      assert.match(
        trap.stderr,
        engine === 'wamr' ? /trap:/ : /in function main/
      )
      assert.equal(trap.status, 134)
    }
  })
}

const muslLoader = () =>
  text('readlink', ['-f', '/lib/ld-musl-x86_64.so.1']).trim()

test('x64-musl: wasmsig workerd says that workerd is for glibc', (t) => {
  const root = unpack('x64-musl', folder(t))
  const words = ['workerd', '--cpu-limit', '50ms', 'serve', 'config.capnp']
  const { status, stderr } = spawnSync(join(root, 'bin/wasmsig'), words, {
    encoding: 'utf8'
  })
  assert.match(
    stderr,
    /workerd is a program for glibc.*use the wasmsig for glibc/
  )
  assert.equal(status, 1)
})
