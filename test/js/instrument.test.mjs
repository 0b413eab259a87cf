// SPDX-License-Identifier: Apache-2.0 OR MIT
/** wasmsig/instrument: modules are instrumented when they are compiled. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { describe, test } from 'node:test'
import { run } from './support/child.mjs'
import { assemble, guest } from './support/guests.mjs'
import { ANYWHERE, REFUSED, SECOND_MEMORY, store } from './support/unpolled.mjs'

const INSTRUMENT = ['--import', 'wasmsig/instrument']
const REGISTER = ['--import', 'wasmsig/register']
const WAYS = [
  'Module',
  'compile',
  'instantiate',
  'compileStreaming',
  'instantiateStreaming'
]
const ENTRY = /^[0-9a-f]{64}\.module$/

const severalMemories = WebAssembly.validate(
  assemble('(module (memory 1) (memory 1))')
)
const stoppable = severalMemories ? { ...ANYWHERE, ...SECOND_MEMORY } : ANYWHERE

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const cacheIn = (path) => ({ WASMSIG_INSTRUMENT_CACHE: join(path, 'cache') })
const entriesIn = (path) => readdirSync(join(path, 'cache')).sort()

/** What became of each guest in each way. */
async function outcomes(path, guests, flags, env = cacheIn(path)) {
  const args = [path, ...store(path, guests)]
  const ended = await run('instrumented.mjs', { flags, args, env })
  assert.equal(ended.status, 0, ended.stderr)
  return { ...ended, made: JSON.parse(ended.stdout) }
}

const all = (guests, outcome) =>
  Object.fromEntries(
    Object.keys(guests).map((name) => [
      `${name}.wasm`,
      Object.fromEntries(WAYS.map((way) => [way, outcome]))
    ])
  )

describe('wasmsig/instrument', { concurrency: 2 }, () => {
  const ORDERS = {
    'before install()': INSTRUMENT,
    'before wasmsig/register': [...INSTRUMENT, ...REGISTER],
    'after wasmsig/register': [...REGISTER, ...INSTRUMENT],
    'by --require': ['--require', 'wasmsig/instrument']
  }
  for (const [order, flags] of Object.entries(ORDERS)) {
    test(`${order}: a SIGKILL in the word stops every module`, async (t) => {
      const { made, stderr } = await outcomes(folder(t), stoppable, flags)
      assert.deepEqual(made, all(stoppable, 'stopped'))
      assert.equal(stderr, '')
    })
  }

  test('without it, and with WASMSIG=off, no module has words', async (t) => {
    const path = folder(t)
    const plain = await outcomes(path, stoppable, [])
    assert.deepEqual(plain.made, all(stoppable, 'untracked'))
    const env = { ...cacheIn(path), WASMSIG: 'off' }
    const off = await outcomes(path, stoppable, INSTRUMENT, env)
    assert.deepEqual(off.made, all(stoppable, 'untracked'))
  })

  test(
    'a host with one memory compiles as they are those that need two',
    { skip: severalMemories && 'this host has several memories' },
    async (t) => {
      const { made, stderr } = await outcomes(
        folder(t),
        SECOND_MEMORY,
        INSTRUMENT
      )
      assert.deepEqual(made, all(SECOND_MEMORY, 'untracked'))
      assert.equal(
        stderr.match(/need a second memory.*Node does from 22 on/g)?.length,
        2,
        stderr
      )
    }
  )

  test('each result is stored once, and used again', async (t) => {
    const path = folder(t)
    await outcomes(path, stoppable, INSTRUMENT)
    const entries = entriesIn(path)
    assert.equal(entries.length, Object.keys(stoppable).length)
    for (const entry of entries) assert.match(entry, ENTRY)
    const written = () =>
      entries.map((entry) => statSync(join(path, 'cache', entry)).ino)
    const before = written()
    const { made } = await outcomes(path, stoppable, INSTRUMENT)
    assert.deepEqual(made, all(stoppable, 'stopped'))
    assert.deepEqual(entriesIn(path), entries)
    assert.deepEqual(written(), before)
  })

  const DAMAGES = {
    'a changed byte': (bytes) => {
      bytes[bytes.length - 3] ^= 1
      return bytes
    },
    'a cut': (bytes) => bytes.subarray(0, bytes.length - 3),
    'no contents': () => Buffer.alloc(0),
    'another outcome': (bytes) =>
      Buffer.from(bytes.toString('latin1').replace('made', 'mAde'), 'latin1')
  }
  for (const [damage, apply] of Object.entries(DAMAGES)) {
    test(`an entry with ${damage} is made again`, async (t) => {
      const path = folder(t)
      const guests = { compiled: ANYWHERE.compiled }
      await outcomes(path, guests, INSTRUMENT)
      const file = join(path, 'cache', entriesIn(path)[0])
      const whole = readFileSync(file)
      writeFileSync(file, apply(Buffer.from(whole)))
      const { made, stderr } = await outcomes(path, guests, INSTRUMENT)
      assert.deepEqual(made, all(guests, 'stopped'))
      assert.equal(stderr, '')
      assert.deepEqual(readFileSync(file), whole)
    })
  }

  const FOREIGN = {
    'of another user': (file) => chownSync(file, 65534, 65534),
    'that others may write': (file) => chmodSync(file, 0o620),
    'that is a pipe': (file) => {
      rmSync(file)
      execFileSync('mkfifo', ['-m', '600', file])
    }
  }
  for (const [what, change] of Object.entries(FOREIGN)) {
    const skip = what.includes('user') && process.getuid() !== 0 && 'not root'
    test(`an entry ${what} is made again`, { skip }, async (t) => {
      const path = folder(t)
      const guests = { compiled: ANYWHERE.compiled }
      await outcomes(path, guests, INSTRUMENT)
      const file = join(path, 'cache', entriesIn(path)[0])
      change(file)
      const { made, stderr } = await outcomes(path, guests, INSTRUMENT)
      assert.deepEqual(made, all(guests, 'stopped'))
      assert.equal(stderr, '')
      const { uid, mode } = statSync(file)
      assert.deepEqual([uid, mode], [process.getuid(), 0o100600])
    })
  }

  test('an entry under the name of another is made again', async (t) => {
    const path = folder(t)
    const { compiled, none } = ANYWHERE
    await outcomes(path, { compiled }, INSTRUMENT)
    const [first] = entriesIn(path)
    await outcomes(path, { compiled, none }, INSTRUMENT)
    const second = entriesIn(path).find((entry) => entry !== first)
    const file = (entry) => join(path, 'cache', entry)
    const whole = readFileSync(file(first))
    copyFileSync(file(second), file(first))
    await outcomes(path, { compiled }, INSTRUMENT)
    assert.deepEqual(readFileSync(file(first)), whole)
  })

  test('entries that were not used for a month are deleted', async (t) => {
    const path = folder(t)
    const cache = join(path, 'cache')
    const DAY_S = 24 * 60 * 60
    const now_s = Date.now() / 1000
    const put = (name, days) => {
      writeFileSync(join(cache, name), '')
      utimesSync(join(cache, name), now_s, now_s - days * DAY_S)
    }
    const { compiled, none } = ANYWHERE
    await outcomes(path, { compiled }, INSTRUMENT)
    const [used] = entriesIn(path)
    utimesSync(join(cache, used), now_s, now_s - 40 * DAY_S)
    const name = (letter) => `${letter.repeat(64)}.module`
    put(name('a'), 40)
    put(`${name('b')}.123.abc`, 40)
    put(name('c'), 20)
    put('other', 40)
    await outcomes(path, { compiled, none }, INSTRUMENT)
    const left = entriesIn(path)
    assert.equal(left.length, 4)
    for (const kept of [used, name('c'), 'other']) {
      assert.ok(left.includes(kept), kept)
    }
  })

  test('many processes may fill the cache at once', async (t) => {
    const path = folder(t)
    const runs = Array.from({ length: 6 }, () =>
      outcomes(folder(t), stoppable, INSTRUMENT, cacheIn(path))
    )
    for (const { made } of await Promise.all(runs)) {
      assert.deepEqual(made, all(stoppable, 'stopped'))
    }
    for (const entry of entriesIn(path)) assert.match(entry, ENTRY)
  })

  test('it works without a cache: off, or a folder that cannot be', async (t) => {
    const path = folder(t)
    const guests = { compiled: ANYWHERE.compiled }
    writeFileSync(join(path, 'file'), '')
    for (const place of ['off', join(path, 'file', 'cache'), '/proc/cache']) {
      const env = { WASMSIG_INSTRUMENT_CACHE: place }
      const { made, stderr } = await outcomes(path, guests, INSTRUMENT, env)
      assert.deepEqual(made, all(guests, 'stopped'))
      assert.equal(stderr, '')
    }
    assert.deepEqual(readdirSync(path).sort(), ['compiled.wasm', 'file'])
  })

  test('the cache is in the folder of the user', async (t) => {
    const path = folder(t)
    const guests = { compiled: ANYWHERE.compiled }
    const places = {
      'xdg/wasmsig/instrument': { XDG_CACHE_HOME: join(path, 'xdg') },
      '.cache/wasmsig/instrument': { XDG_CACHE_HOME: '', HOME: path }
    }
    for (const [place, env] of Object.entries(places)) {
      const own = { WASMSIG_INSTRUMENT_CACHE: '', ...env }
      await outcomes(path, guests, INSTRUMENT, own)
      assert.equal(readdirSync(join(path, place)).length, 1)
    }
  })
})

// ----------------------------------------------------- modules that stay

const compileTwice = async (path, bytes, flags) => {
  const file = join(path, 'guest.wasm')
  writeFileSync(file, bytes)
  const ended = await run('compiled-twice.mjs', {
    flags,
    args: [file],
    env: cacheIn(path)
  })
  assert.equal(ended.status, 0, ended.stderr)
  return { ...ended, shown: JSON.parse(ended.stdout) }
}

test('a module that is refused is compiled as it is, with one warning', async (t) => {
  const path = folder(t)
  for (let i = 0; i < 2; i++) {
    const { shown, stderr } = await compileTwice(path, REFUSED, INSTRUMENT)
    const names = ['memory', 'work', '__instance_signal']
    assert.deepEqual(shown, [names, names])
    const warnings = stderr.match(/\[WASMSIG_NOT_INSTRUMENTED\] .*/g)
    assert.equal(warnings?.length, 1, stderr)
    assert.match(warnings[0], /__instance_signal: /)
  }
})

test('a module with a poll that was moved out of its loop gets a warning', async (t) => {
  const path = folder(t)
  const lifted = assemble(`(module
    (memory (export "memory") 1)
    (global (export "__instance_signal") i32 (i32.const 1024))
    (func (export "work") (local i32)
      (local.set 0 (i32.load (i32.const 1024)))
      (loop (br_if 0 (i32.eqz (local.get 0))))))`)
  for (let i = 0; i < 2; i++) {
    const { stderr } = await compileTwice(path, lifted, INSTRUMENT)
    const warnings = stderr.match(/\[WASMSIG_LIFTED_POLLS\] .*/g)
    assert.equal(warnings?.length, 1, stderr)
    assert.match(warnings[0], / takes SIGKILL only: function 0 polls before/)
  }
})

test('a module that polls its word is compiled as it is', async (t) => {
  const path = folder(t)
  const plain = await compileTwice(path, guest(), [])
  const { shown, stderr } = await compileTwice(path, guest(), INSTRUMENT)
  assert.deepEqual([shown, stderr], [plain.shown, ''])
  const [entry] = entriesIn(path)
  assert.match(readFileSync(join(path, 'cache', entry), 'utf8'), /"receives"/)
})

const INVALID = {
  'no module': Buffer.from('no module'),
  'a cut module': ANYWHERE.compiled.subarray(0, 60),
  'a module with a type error': assemble('(module (func))').map((byte, at) =>
    at === 22 ? 0x1a : byte
  )
}
for (const [what, bytes] of Object.entries(INVALID)) {
  test(`${what} throws the engine's error`, async (t) => {
    const path = folder(t)
    const plain = await compileTwice(path, bytes, [])
    assert.match(plain.shown[0], /^CompileError: /)
    const { shown, stderr } = await compileTwice(path, bytes, INSTRUMENT)
    assert.deepEqual([shown, stderr], [plain.shown, ''])
  })
}

test("the host's own modules are compiled as they are", async (t) => {
  const path = folder(t)
  const { stdout, stderr } = await run('fetching.mjs', {
    flags: INSTRUMENT,
    env: cacheIn(path)
  })
  assert.deepEqual([stdout, stderr], ['fetched\n', ''])
  assert.deepEqual(readdirSync(path), [])
})

test('where WebAssembly is missing or frozen, there is one warning', async () => {
  for (const flag of ['--jitless', '--frozen-intrinsics']) {
    const { stderr } = await run('unable.cjs', { flags: [flag, ...INSTRUMENT] })
    const warnings = stderr.match(/wasmsig\/instrument does nothing/g)
    assert.equal(warnings?.length, 1, stderr)
  }
})

test('a program sees the same functions, and the same errors', async (t) => {
  const env = cacheIn(folder(t))
  const plain = await run('instrumented-badly.mjs', { env })
  assert.equal(plain.status, 0, plain.stderr)
  const flags = INSTRUMENT
  const { stdout, stderr } = await run('instrumented-badly.mjs', { flags, env })
  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout), JSON.parse(plain.stdout))
})
