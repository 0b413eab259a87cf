// SPDX-License-Identifier: Apache-2.0 OR MIT
// Compiled modules: the cache of `wasmsig run`, `wasmsig cache`, `compile`.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'

import { ENTRY, home, program, runs } from './support/cache.mjs'
import { COMMAND, command, guest, start } from './support/command.mjs'

const isRoot = process.getuid() === 0

// ------------------------------------------------------------------ the cache

test('the second start uses what the first has compiled', (t) => {
  const user = home(t)
  runs(user)
  const [entry, ...others] = user.entries()
  assert.match(entry, ENTRY)
  assert.deepEqual(others, [])
  const file = join(user.cache, entry)
  const before = statSync(file)
  assert.equal(before.mode & 0o777, 0o600)
  assert.equal(statSync(user.cache).mode & 0o777, 0o700)
  runs(user)
  assert.equal(statSync(file).ino, before.ino)
})

test('the cache is not used: --no-cache, off, or no home', (t) => {
  const user = home(t)
  runs(user, {}, ['--no-cache'])
  runs(user, { WASMSIG_CACHE: 'off' })
  runs(user, { HOME: '' })
  assert.deepEqual(readdirSync(user.path), ['exits-7.wasm'])
})

test('WASMSIG_CACHE and XDG_CACHE_HOME name another folder', (t) => {
  const user = home(t)
  runs(user, { WASMSIG_CACHE: join(user.path, 'a/b') })
  assert.equal(user.entries(join(user.path, 'a/b')).length, 1)
  runs(user, { XDG_CACHE_HOME: join(user.path, 'xdg') })
  assert.equal(user.entries(join(user.path, 'xdg/wasmsig/compiled')).length, 1)
  runs(user, { XDG_CACHE_HOME: 'not/absolute' })
  assert.equal(user.entries().length, 1)
})

test('small modules are not stored, nor those for WAMR', (t) => {
  const user = home(t)
  const { status } = user.run([...['--engine', 'wamr', user.program]])
  assert.equal(status, 7)
  assert.deepEqual(readdirSync(user.path), ['exits-7.wasm'])
})

const damages = {
  'a changed byte of the code': (bytes) => ((bytes[5000] ^= 1), bytes),
  'a changed byte of the module': (bytes) => (
    (bytes[bytes.length - 300] ^= 1),
    bytes
  ),
  'a changed trailer': (bytes) => ((bytes[bytes.length - 20] ^= 1), bytes),
  'a cut': (bytes) => bytes.subarray(0, bytes.length - 1),
  'one byte more': (bytes) => Buffer.concat([bytes, Buffer.of(0)]),
  'no bytes': () => Buffer.alloc(0),
  'other contents': () => Buffer.from('not compiled code')
}
for (const [what, damage] of Object.entries(damages))
  test(`an entry with ${what} is compiled again`, (t) => {
    const user = home(t)
    runs(user)
    const file = join(user.cache, user.entries()[0])
    const whole = readFileSync(file)
    writeFileSync(file, damage(Buffer.from(whole)), { mode: 0o600 })
    runs(user)
    assert.equal(readFileSync(file).length, whole.length)
    assert.equal(user.entries().length, 1)
  })

test('an entry of another module is not run', (t) => {
  const user = home(t)
  runs(user)
  const [own] = user.entries()
  const other = program(user.path, 9)
  assert.equal(user.run([other]).status, 9)
  const [file] = user.entries().filter((name) => name !== own)
  copyFileSync(join(user.cache, file), join(user.cache, own))
  runs(user)
})

const foreign = {
  'that others can write': (file) => chmodSync(file, 0o620),
  'of another user': (file) => chownSync(file, 65534, 65534),
  'that is a folder': (file) => (rmSync(file), mkdirSync(file)),
  'that is a pipe': (file) => (rmSync(file), spawnSync('mkfifo', [file])),
  'that is a link to nothing': (file) => (
    rmSync(file),
    symlinkSync('/nonexistent', file)
  )
}
for (const [what, change] of Object.entries(foreign)) {
  const skip = what === 'of another user' && !isRoot && 'only root can do it'
  test(`an entry ${what} is not run`, { skip }, (t) => {
    const user = home(t)
    runs(user)
    change(join(user.cache, user.entries()[0]))
    runs(user)
    runs(user)
  })
}

const places = {
  'that others can write': (user) => chmodSync(user.cache, 0o770),
  'of another user': (user) => chownSync(user.cache, 65534, 65534),
  'that is a file': (user) => (
    rmSync(user.cache, { recursive: true }),
    writeFileSync(user.cache, '')
  )
}
for (const [what, change] of Object.entries(places)) {
  const skip = what === 'of another user' && !isRoot && 'only root can do it'
  test(`a folder ${what} is not used`, { skip }, (t) => {
    const user = home(t)
    runs(user)
    change(user)
    const before = statSync(user.cache)
    runs(user)
    assert.equal(statSync(user.cache).mtimeMs, before.mtimeMs)
  })
}

test('a full disk, or a limit of file sizes, leaves no part of a file', (t) => {
  const user = home(t)
  mkdirSync(user.cache, { recursive: true, mode: 0o700 })
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', 'ulimit -f 64; exec "$0" run "$1"', COMMAND, user.program],
    { env: user.env, encoding: 'utf8' }
  )
  assert.deepEqual([status, stderr], [7, ''])
  assert.deepEqual(user.entries(), [])
})

test('many processes may fill and clear the cache at once', async (t) => {
  const user = home(t)
  const { env } = user
  const ends = []
  for (let i = 0; i < 12; i++) {
    const args = i % 4 === 3 ? ['cache', 'clear'] : ['run', user.program]
    const child = spawn(COMMAND, args, { env, stdio: 'ignore' })
    ends.push(once(child, 'exit').then(([status]) => [args[0], status]))
  }
  for (const [what, status] of await Promise.all(ends))
    assert.equal(status, what === 'run' ? 7 : 0)
  for (const entry of user.entries()) assert.match(entry, ENTRY)
})

test('above its size the cache keeps what was used last', (t) => {
  const user = home(t)
  runs(user)
  const [first] = user.entries()
  const { size } = statSync(join(user.cache, first))
  const hour_s = Date.now() / 1000 - 3600
  utimesSync(join(user.cache, first), hour_s, hour_s)
  const limit = { WASMSIG_CACHE_SIZE: `${Math.ceil(size * 2.5)}B` }
  assert.equal(user.run([program(user.path, 8)], limit).status, 8)
  assert.equal(user.entries().length, 2)
  assert.equal(user.run([program(user.path, 9)], limit).status, 9)
  assert.equal(user.entries().length, 2)
  assert.ok(!user.entries().includes(first))
})

test('what a killed process has not finished is deleted after an hour', (t) => {
  const user = home(t)
  runs(user)
  const [entry] = user.entries()
  const put = (name, age_s) => {
    const file = join(user.cache, name)
    const then = Date.now() / 1000 - age_s
    writeFileSync(file, '')
    utimesSync(file, then, then)
  }
  put(`${entry}.aaaaaa`, 4000)
  put(`${entry}.bbbbbb`, 60)
  put('other', 4000)
  assert.equal(user.run([program(user.path, 8)]).status, 8)
  const left = user.entries().filter((name) => !ENTRY.test(name))
  assert.deepEqual(left, [`${entry}.bbbbbb`, 'other'])
})

// -------------------------------------------------------------- wasmsig cache

test('wasmsig cache lists and clears the entries', (t) => {
  const user = home(t)
  const list = () => user.command(['cache', 'list']).stdout
  assert.match(list(), /^0 modules, 0\.0 of 2048\.0 MiB in \/.*compiled\n$/)
  runs(user)
  writeFileSync(join(user.cache, 'other'), '')
  assert.match(list(), /^ +MiB .*\n +\d\.\d +20.*exits-7\.wasm\n1 module, /)
  assert.deepEqual(user.command(['cache', 'clear']).status, 0)
  assert.deepEqual(user.entries(), ['other'])
})

test('wasmsig cache: an entry of a later century is listed first', (t) => {
  const user = home(t)
  runs(user)
  const [entry] = user.entries()
  const later = join(user.cache, `${'0'.repeat(32)}.cwasm`)
  copyFileSync(join(user.cache, entry), later)
  const year2286_s = 10_000_000_000
  utimesSync(later, year2286_s, year2286_s)
  assert.equal(statSync(later).mtimeMs, year2286_s * 1000) // kept by the disk
  const { stdout } = user.command(['cache', 'list'])
  assert.match(stdout.split('\n')[1], / 2262-04-1[12] /)
})

test('wasmsig cache: an unusable entry is listed as such', (t) => {
  const user = home(t)
  runs(user)
  writeFileSync(join(user.cache, user.entries()[0]), 'x')
  const { stdout } = user.command(['cache', 'list'])
  assert.match(stdout, /\(unusable: it is damaged/)
})

test('an empty folder with the name of an entry is replaced, and cleared', (t) => {
  const user = home(t)
  runs(user)
  const file = join(user.cache, user.entries()[0])
  const becomesFolder = () => (rmSync(file), mkdirSync(file))
  becomesFolder()
  runs(user)
  assert.ok(statSync(file).isFile())
  becomesFolder()
  const list = user.command(['cache', 'list'])
  assert.match(list.stdout, /\(unusable: it is no regular file\)/)
  const { status, stderr } = user.command(['cache', 'clear'])
  assert.deepEqual([status, stderr, user.entries()], [0, '', []])
})

test('a folder with files in it is kept, with a message', (t) => {
  const user = home(t)
  runs(user)
  const file = join(user.cache, user.entries()[0])
  rmSync(file)
  mkdirSync(file)
  writeFileSync(join(file, 'other'), '')
  runs(user)
  const { status, stderr } = user.command(['cache', 'clear'])
  assert.equal(status, 1)
  assert.equal(stderr, `wasmsig: ${file}: a folder that is not empty is kept\n`)
  assert.deepEqual(readdirSync(file), ['other'])
})

test('wasmsig cache: wrong usage', (t) => {
  const user = home(t)
  for (const [args, why] of [
    [[], /list or clear is missing/],
    [['show'], /'show' is not list or clear/],
    [['list', 'x'], /'x' is one word too many/]
  ]) {
    const { status, stderr } = user.command(['cache', ...args])
    assert.equal(status, 2)
    assert.match(stderr, why)
  }
  const off = user.command(['cache', 'list'], { WASMSIG_CACHE: 'off' })
  assert.equal(off.status, 1)
  assert.match(off.stderr, /there is no cache/)
})

// ------------------------------------------------------------ wasmsig compile

test('wasmsig compile makes a file that run runs on request only', (t) => {
  const user = home(t)
  const out = join(user.path, 'out.cwasm')
  const made = user.command(['compile', user.program, '-o', out])
  assert.deepEqual([made.status, made.stderr], [0, ''])
  const refused = user.run([out])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /compiled code.*: --allow-precompiled runs it/)
  const { status, stderr } = user.run(['--allow-precompiled', out])
  assert.deepEqual([status, stderr], [7, ''])
  const plain = user.run(['--allow-precompiled', user.program])
  assert.equal(plain.status, 7)
  const input = { env: user.env, input: readFileSync(out) }
  const piped = command(['run', '--allow-precompiled', '-'], input)
  assert.equal(piped.status, 1)
  assert.match(piped.stderr, /-: compiled code cannot come from standard input/)
})

test('a compiled program receives signals', (t) => {
  const user = home(t)
  const out = join(user.path, 'out.cwasm')
  user.command(['compile', guest('signals'), '-o', out])
  const limits = ['--cpu-soft', '50ms', '--cpu-hard', '1m']
  const { status, stdout } = user.run([
    ...['--allow-precompiled', ...limits, out, 'busy']
  ])
  const direct = user.run([...limits, guest('signals'), 'busy'])
  assert.deepEqual([status, stdout], [direct.status, direct.stdout])
})

test('a program goes on if its compiled file is replaced as a whole', async (t) => {
  const user = home(t)
  const out = join(user.path, 'out.cwasm')
  const compile = () =>
    user.command(['compile', guest('plain'), '-o', out]).status
  assert.equal(compile(), 0)
  const args = ['run', '--json', '--allow-precompiled', out, 'spin']
  const { child, said, ended } = start(t, args)
  await said('half')
  assert.equal(compile(), 0)
  child.kill('SIGTERM')
  assert.equal((await ended).signal, 'SIGTERM')
})

test('a program whose compiled file is cut ends by SIGBUS, and says so', async (t) => {
  const user = home(t)
  const out = join(user.path, 'out.cwasm')
  user.command(['compile', guest('plain'), '-o', out])
  const args = ['run', '--json', '--allow-precompiled', out, 'spin']
  const { said, ended } = start(t, args)
  await said('half')
  truncateSync(out)
  const { signal, stderr } = await ended
  assert.equal(signal, 'SIGBUS')
  assert.match(stderr, /^wasmsig: .*out\.cwasm: ended by SIGBUS after /)
  assert.equal(JSON.parse(stderr.trim().split('\n')[1]).signal, 'SIGBUS')
})

test('a damaged file is refused, and so is one of another tool', (t) => {
  const user = home(t)
  const out = join(user.path, 'out.cwasm')
  user.command(['compile', user.program, '-o', out])
  const bytes = readFileSync(out)
  bytes[6000] ^= 1
  writeFileSync(out, bytes)
  for (const file of [out, process.execPath]) {
    const { status, stderr } = user.run(['--allow-precompiled', file])
    assert.equal(status, 1)
    assert.match(stderr, /it is damaged, or not of wasmsig compile/)
  }
})

test('wasmsig compile: what cannot be compiled, and wrong usage', (t) => {
  const user = home(t)
  const bad = join(user.path, 'bad.wasm')
  writeFileSync(bad, 'x')
  const out = join(user.path, 'out.cwasm')
  assert.equal(user.command(['compile', bad, '-o', out]).status, 1)
  assert.ok(!readdirSync(user.path).includes('out.cwasm'))
  for (const [args, why] of [
    [[], /FILE.wasm is missing/],
    [[bad], /-o FILE is missing/],
    [[bad, bad, '-o', out], /one file at a time/],
    [['--fast', bad], /there is no option '--fast'/]
  ]) {
    const { status, stderr } = user.command(['compile', ...args])
    assert.equal(status, 2)
    assert.match(stderr, why)
  }
})
