// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig run`: a cache that cannot be used, options that are wrong or given
// twice, and limits that pass before and after the program's own code.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import initialise from 'wabt'

import { built } from '../support/built.mjs'
import { ENTRY, home, runs } from './support/cache.mjs'
import {
  COMMAND,
  ENGINES,
  command,
  folder,
  guest,
  run
} from './support/command.mjs'

const wabt = await initialise()
const plain = guest('plain')
const isRoot = process.getuid() === 0
const rootOnly = !isRoot && 'only root can do it'
const root = fileURLToPath(new URL('../..', import.meta.url))

// ------------------------------------------------------------------ the cache

/** A file system of its own for the cache; false: none can be mounted here. */
function mountCache(user, options) {
  mkdirSync(user.cache, { recursive: true, mode: 0o700 })
  const args = ['-t', 'tmpfs', '-o', `mode=700,${options}`, 'tmpfs', user.cache]
  if (spawnSync('mount', args).status !== 0) return false
  return true
}

for (const [what, options] of [
  ['that is full', 'size=64k'],
  ['without room for one more file', 'nr_inodes=1'],
  ['on a read-only file system', 'ro']
])
  test(`a cache ${what} is not used`, { skip: rootOnly }, (t) => {
    const user = home(t)
    if (!mountCache(user, options)) return t.skip('no mount here')
    try {
      runs(user)
      runs(user)
      assert.deepEqual(user.entries(), [])
      const { status, stdout } = user.command(['cache', 'list'])
      assert.equal(status, 0)
      assert.match(stdout, /^0 modules, /)
    } finally {
      spawnSync('umount', [user.cache])
    }
  })

test('a folder that may not be written is not used', (t) => {
  const user = home(t)
  mkdirSync(user.cache, { recursive: true })
  // Root may write everywhere: there another user runs it.
  const other = isRoot ? { uid: 65534, gid: 65534 } : {}
  if (isRoot) {
    spawnSync('chmod', ['-R', 'a+rX', user.path])
    chownSync(user.cache, other.uid, other.gid)
  }
  chmodSync(user.cache, 0o500)
  const options = { env: user.env, ...other }
  const { status, stderr } = command(['run', user.program], options)
  assert.deepEqual([status, stderr], [7, ''])
  assert.deepEqual(user.entries(), [])
})

// As under sudo, which may keep the HOME of the user who calls it. A folder of
// root there would lock the user out of their own cache.
test(
  'nothing is created in the home of another user',
  {
    skip: rootOnly
  },
  (t) => {
    const user = home(t)
    chownSync(user.path, 65534, 65534)
    runs(user)
    assert.deepEqual(readdirSync(user.path), ['exits-7.wasm'])
    mkdirSync(join(user.path, 'link'))
    const away = folder(t)
    chownSync(away, 65534, 65534)
    symlinkSync(away, join(user.path, 'link/away'))
    chownSync(user.path, 0, 0)
    runs(user, { WASMSIG_CACHE: join(user.path, 'link/away/a/b') })
    assert.deepEqual(readdirSync(away), [])
  }
)

const parent = (user) => join(user.path, '.cache/wasmsig')
const ways = {
  'that others can write': (user) => chmodSync(parent(user), 0o777),
  'that a group can write': (user) => {
    chownSync(parent(user), 0, 65534)
    chmodSync(parent(user), 0o770)
  },
  'of another user': (user) => chownSync(parent(user), 65534, 65534),
  'of another user, with the sticky bit': (user) => {
    chownSync(parent(user), 65534, 65534)
    chmodSync(parent(user), 0o1777)
  }
}
for (const [where, change] of Object.entries(ways)) {
  const skip = !where.includes('others') && rootOnly
  test(`a cache in a folder ${where} is not used`, { skip }, (t) => {
    const user = home(t)
    runs(user)
    const used = () => statSync(join(user.cache, user.entries()[0])).mtimeMs
    change(user)
    const before = used()
    runs(user)
    assert.equal(used(), before)
  })
}

test('a group of the user alone may write there', { skip: rootOnly }, (t) => {
  const user = home(t)
  runs(user)
  const used = () => statSync(join(user.cache, user.entries()[0])).mtimeMs
  chmodSync(parent(user), 0o770) // of root and its group
  const before = used()
  runs(user)
  assert.notEqual(used(), before)
})

test('a cache behind a link in a folder of others is not used', (t) => {
  const user = home(t)
  runs(user)
  const shared = join(user.path, 'shared')
  mkdirSync(shared)
  chmodSync(shared, 0o777)
  symlinkSync(user.cache, join(shared, 'link'))
  const used = () => statSync(join(user.cache, user.entries()[0])).mtimeMs
  const before = used()
  runs(user, { WASMSIG_CACHE: join(shared, 'link') })
  assert.equal(used(), before)
  chmodSync(shared, 0o1777)
  runs(user, { WASMSIG_CACHE: join(shared, 'link') })
  assert.notEqual(used(), before)
})

test('a cache that fills up keeps its entries', { skip: rootOnly }, (t) => {
  const user = home(t)
  if (!mountCache(user, 'size=16m')) return t.skip('no mount here')
  try {
    runs(user)
    const [entry, ...others] = user.entries()
    assert.match(entry, ENTRY)
    assert.deepEqual(others, [])
    spawnSync('dd', ['if=/dev/zero', `of=${join(user.cache, 'filler')}`])
    const { ino } = statSync(join(user.cache, entry))
    runs(user)
    assert.equal(statSync(join(user.cache, entry)).ino, ino)
    assert.deepEqual(user.entries(), [entry, 'filler'].sort())
  } finally {
    spawnSync('umount', [user.cache])
  }
})

function deleteBesideWriters(path) {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch (error) {
    if (error.code !== 'ENOTEMPTY') throw error // a writer was quicker
  }
}

test('a cache may be deleted meanwhile', async (t) => {
  const user = home(t)
  let running = 8
  const starts = Array.from({ length: running }, async () => {
    const child = spawn(COMMAND, ['run', user.program], { env: user.env })
    const [status] = await once(child, 'exit')
    running--
    return status
  })
  const deleting = (async () => {
    for (; running > 0; await new Promise(setImmediate))
      deleteBesideWriters(join(user.path, '.cache'))
  })()
  assert.deepEqual(await Promise.all(starts), Array(8).fill(7))
  await deleting
  runs(user)
  assert.equal(user.entries().length, 1)
})

test('processes that start at once with an empty cache store one entry', async (t) => {
  const user = home(t)
  const starts = Array.from({ length: 12 }, async () => {
    const child = spawn(COMMAND, ['run', user.program], { env: user.env })
    return (await once(child, 'exit'))[0]
  })
  assert.deepEqual(await Promise.all(starts), Array(12).fill(7))
  const [entry, ...others] = user.entries()
  assert.match(entry, ENTRY)
  assert.deepEqual(others, [])
  const { ino } = statSync(join(user.cache, entry))
  runs(user)
  assert.equal(statSync(join(user.cache, entry)).ino, ino)
})

/** Makes a file one of another version of the engine. */
function makeForeign(file) {
  const sources = ['test/cli/support/foreign_entry.c', 'cli/compiled/file.c']
  const program = built(
    join(root, 'build/cli-guests/foreign_entry'),
    sources.map((name) => join(root, name)),
    (target) =>
      execFileSync(
        ...[
          'gcc',
          ['-std=gnu11', '-D_GNU_SOURCE', '-Icli', '-o', target, ...sources]
        ],
        { cwd: root }
      )
  )
  execFileSync(program, [file])
}

test('an entry of another version of the engine is replaced', (t) => {
  const user = home(t)
  runs(user)
  const file = join(user.cache, user.entries()[0])
  makeForeign(file)
  const { ino } = statSync(file)
  runs(user)
  const replaced = statSync(file)
  assert.notEqual(replaced.ino, ino)
  runs(user)
  assert.equal(statSync(file).ino, replaced.ino)
})

test('a compiled file of another version of the engine is refused', (t) => {
  const user = home(t)
  const out = join(user.path, 'out.cwasm')
  user.command(['compile', user.program, '-o', out])
  makeForeign(out)
  const { status, stderr } = user.run(['--allow-precompiled', out])
  assert.equal(status, 1)
  assert.match(stderr, /^wasmsig: .*out\.cwasm: .*version/)
})

test('a folder that cannot be is not used', (t) => {
  const user = home(t)
  for (const WASMSIG_CACHE of [
    ...['/dev/null', '/dev/null/x', '/proc/self/cache'],
    `/${'x/'.repeat(3000)}`
  ])
    runs(user, { WASMSIG_CACHE })
})

test('a size of 0 stores nothing, and an empty one is the default', (t) => {
  const user = home(t)
  for (const WASMSIG_CACHE_SIZE of ['0', '0B', '0.0GiB']) {
    runs(user, { WASMSIG_CACHE_SIZE })
    assert.deepEqual(readdirSync(user.path), ['exits-7.wasm'])
  }
  runs(user, { WASMSIG_CACHE_SIZE: '' })
  assert.equal(user.entries().length, 1)
  runs(user, { WASMSIG_CACHE_SIZE: '0' })
  assert.equal(user.entries().length, 1)
})

test('a size of the cache that cannot be is wrong usage', (t) => {
  const user = home(t)
  for (const [WASMSIG_CACHE_SIZE, says] of [
    ['x', 'is not a size'],
    ['-1MiB', 'is not a size'],
    ['500', 'has no unit'],
    ['500MB', 'has an unknown unit'],
    ['99999999999GiB', 'is too large']
  ]) {
    for (const [name, { status, stderr }] of [
      ['run', user.run([user.program], { WASMSIG_CACHE_SIZE })],
      ['cache', user.command(['cache', 'list'], { WASMSIG_CACHE_SIZE })]
    ]) {
      const start = `wasmsig ${name}: WASMSIG_CACHE_SIZE: '${WASMSIG_CACHE_SIZE}' `
      assert.ok(stderr.startsWith(start + says), stderr)
      assert.equal(status, 2)
    }
    runs(user, { WASMSIG_CACHE_SIZE }, ['--no-cache'])
    runs(user, { WASMSIG_CACHE_SIZE, WASMSIG_CACHE: 'off' })
    const cleared = user.command(['cache', 'clear'], { WASMSIG_CACHE_SIZE })
    assert.equal(cleared.status, 0)
  }
})

// -------------------------------------------------------------------- options

test('a wall limit of 0, or without a unit, is wrong usage', () => {
  for (const [time, says] of [
    ['0s', 'is 0; a limit is 1ns or more'],
    ['0', 'has no unit'],
    ['-1s', 'is not a time'],
    ['', 'is not a time'],
    ['inf', 'is not a time'],
    ['1d', 'has an unknown unit']
  ]) {
    const args = ['run', '--wall', time, plain, 'exit', '0']
    const { status, stdout, stderr } = command(args)
    assert.ok(stderr.startsWith(`wasmsig run: --wall: '${time}' ${says}`))
    assert.deepEqual([status, stdout], [2, ''])
  }
})

const text = (source) =>
  wabt.parseWat('program.wat', `(module ${source})`).toBinary({}).buffer

/** A file with a program from its text. */
function program(t, source) {
  const file = join(folder(t), 'program.wasm')
  writeFileSync(file, text(source))
  return file
}

for (const engine of ENGINES) {
  const twice = (option, first, second, ...args) =>
    run(engine, [option, first, option, second, ...args])

  test(`${engine}: of a limit given twice the last counts`, () => {
    for (const [option, ended] of [
      ['--cpu-hard', 152],
      ['--wall', 124]
    ]) {
      assert.equal(twice(option, '5m', '50ms', plain, 'quiet').status, ended)
      assert.equal(twice(option, '1ns', '5m', plain, 'exit', '3').status, 3)
    }
    const compiled = twice('--cpu-compile', '1ns', '5m', plain, 'exit', '3')
    assert.equal(compiled.status, 3)
    const signals = [guest('signals'), 'busy']
    const { stdout } = twice('--cpu-soft', '5m', '50ms', ...signals)
    assert.match(stdout, /received 24/)
    const filled = (first, second) =>
      parseInt(twice('--max-memory', first, second, plain, 'fill').stdout, 10)
    assert.ok(filled('64MiB', '1MiB') < 1024)
    assert.ok(filled('1MiB', '4MiB') > 1024)
  })

  test(`${engine}: of another value given twice the last counts, too`, () => {
    const said = (...args) => twice(...args).stdout
    assert.equal(said('--argv0', 'a', 'b', plain, 'name'), 'b\n')
    const variable = [plain, 'environment', 'A']
    assert.equal(said('--env', 'A=1', 'A=2', ...variable), '2\n')
    const usr1 = ['--cpu-soft', '50ms', guest('signals'), 'busy']
    assert.match(said('--signal', 'INT', 'USR1', ...usr1), /received 10/)
    const stats = ['--stats', '--stats=json', '--json', '--json']
    const { stderr } = run(engine, [...stats, plain, 'exit', '3'])
    assert.equal(JSON.parse(stderr).status, 3)
  })

  test(`${engine}: a switch may be given twice`, () => {
    for (const option of ['--no-cache', '--env-inherit', '--allow-precompiled'])
      assert.equal(run(engine, [option, option, plain, 'exit', '3']).status, 3)
  })

  test(`${engine}: of two folders of one name the last counts`, (t) => {
    const [first, second] = [folder(t), folder(t)]
    writeFileSync(join(first, 'file'), 'first')
    writeFileSync(join(second, 'file'), 'second')
    const folders = [`${first}::/in`, `${second}::/in`]
    const { status, stdout } = twice(
      ...['--dir', ...folders, plain, 'print', '/in/file']
    )
    assert.deepEqual([status, stdout], [0, 'second'])
  })

  // ------------------------------------------------------------------ limits

  const SPINS = '(loop (br 0))'
  const places = {
    'in the start function': `(func $start ${SPINS}) (start $start)
      (func (export "_start"))`,
    'in _start': `(func (export "_start") ${SPINS})`
  }
  for (const [where, source] of Object.entries(places))
    test(`${engine}: a limit ends an endless loop ${where}`, (t) => {
      const file = program(t, `(memory (export "memory") 1) ${source}`)
      const status = (...options) => run(engine, [...options, file]).status
      assert.equal(status('--cpu-hard', '50ms'), 152)
      assert.equal(status('--wall', '50ms'), 124)
      assert.equal(status('--cpu-hard', '1ns'), 152)
      assert.equal(status('--wall', '1ns'), 124)
      assert.ok(
        [152, 124].includes(status('--cpu-hard', '1ns', '--wall', '1ns'))
      )
    })

  // From before the module is loaded until after the program's end: whenever a
  // limit passes, the status, the message and the statistics agree.
  test(`${engine}: a limit may pass at any time`, () => {
    const ends = { 'cpu-limit': 152, 'wall-limit': 124, exit: 3 }
    for (const option of ['--cpu-hard', '--cpu-compile', '--wall'])
      for (let us = 1; us < 100_000; us *= 2) {
        const limits = [option, `${us}us`, '--stats=json']
        const { status, stdout, stderr } = run(engine, [
          ...[...limits, plain, 'exit', '3']
        ])
        const lines = stderr.trimEnd().split('\n')
        const { ended, status: reported } = JSON.parse(lines.pop())
        assert.deepEqual([status, stdout], [reported, ''])
        assert.equal(status, ends[ended], `${ended} at ${us} us`)
        assert.equal(lines.length, status === 3 ? 0 : 1, stderr)
      }
  })
}
