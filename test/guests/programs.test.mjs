// SPDX-License-Identifier: Apache-2.0 OR MIT
// Existing programs receive Unix signals: SQLite and QuickJS, built
// from their authors' sources by examples/programs/build.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { COMMAND, folder } from '../cli/support/command.mjs'
import { begin } from '../support/processes.mjs'
import { PATIENCE_MS } from '../support/patience.mjs'
import { ROOT } from './support/compilers.mjs'

const BUILT = process.env.WASMSIG_PROGRAMS ?? join(ROOT, 'build/programs')
const NODE_HOST = join(ROOT, 'examples/programs/node.mjs')
const RAISING_HOST = join(ROOT, 'test/guests/support/raise-from-thread.mjs')
execFileSync(join(ROOT, 'examples/programs/build'), [BUILT], {
  stdio: ['ignore', 'inherit', 'inherit']
})
const program = (name) => join(BUILT, `${name}.wasm`)

// -------------------------------------------------------------------- hosts

const times = ({ soft, hard, signal }, unit, prefix) => [
  ...(soft ? [`--${prefix}soft`, `${soft}${unit}`] : []),
  ...(hard ? [`--${prefix}hard`, `${hard}${unit}`] : []),
  ...(signal ? ['--signal', signal] : [])
]

/** What starts a program there, with limits in ms. */
const engine = (name) => (file, args, limits) => [
  ...[COMMAND, 'run', '--engine', name, '--forward', 'INT', '--dir', '.'],
  ...[...times(limits, 'ms', 'cpu-'), file, ...args]
]
const HOSTS = {
  'wasmsig run, wasmtime': engine('wasmtime'),
  'wasmsig run, wamr': engine('wamr'),
  Node: (file, args, limits) => [
    ...[process.execPath, '--no-warnings', NODE_HOST],
    ...[...times(limits, '', ''), file, ...args]
  ]
}

/** CPU time, ms, in which a program is sure to come to its endless part. */
const enough = (host) => (host.includes('wamr') ? 3000 : 500)

/** Starts it, for as long as a test may take; `interrupt` is Ctrl-C. */
function start(t, [file, ...args], cwd = ROOT) {
  const options = { cwd, timeout: PATIENCE_MS, killSignal: 'SIGKILL' }
  const running = begin(t, file, args, options)
  // Not at once: it is to come while the program computes, and what it has just
  // said it may still be saying.
  const interrupt = async (signal = 'SIGINT') => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    running.child.kill(signal)
  }
  return { ...running, interrupt }
}

const runIn = (t, host, name, args, limits = {}, cwd = undefined) =>
  start(t, HOSTS[host](program(name), args, limits), cwd)

// ------------------------------------------------------------------- SQLite

const RUNS = 'query: has no end\n'
const interrupted = (signal, row = 0) =>
  `${RUNS}${signal}: interrupted (SQLITE_INTERRUPT)\n` +
  `added: star ${row}\nrows: ${row + 1}\n`
const WHOLE = 'integrity: ok\n'

let native
/** query.c and SQLite, compiled for this machine. */
function nativeQuery() {
  if (native) return native
  const sqlite = join(BUILT, 'sources/sqlite')
  const target = join(BUILT, 'query-native')
  execFileSync('gcc', [
    ...['-O0', '-w', '-DSQLITE_THREADSAFE=0', '-DSQLITE_OMIT_LOAD_EXTENSION'],
    ...['-isystem', sqlite, '-o', target, join(sqlite, 'sqlite3.c')],
    ...[join(ROOT, 'examples/sqlite/query.c'), '-lm']
  ])
  return (native = target)
}

for (const host of Object.keys(HOSTS)) {
  test(`${host}: SIGINT ends a query of SQLite's, and the database goes on`, async (t) => {
    const { said, interrupt, ended } = runIn(t, host, 'query', [])
    await said(RUNS)
    await interrupt()
    const { status, stdout } = await ended
    assert.equal(stdout, interrupted('SIGINT') + WHOLE)
    assert.equal(status, 0)
  })

  test(`${host}: so does SIGXCPU at the soft limit`, async (t) => {
    const { ended } = runIn(t, host, 'query', [], { soft: enough(host) })
    const { status, stdout } = await ended
    assert.equal(stdout, interrupted('SIGXCPU') + WHOLE)
    assert.equal(status, 0)
  })

  test(`${host}: a second and a third query are ended too`, async (t) => {
    const { said, interrupt, ended } = runIn(t, host, 'query', [
      ':memory:',
      '3'
    ])
    for (const count of [1, 2, 3]) {
      await said(RUNS, { count })
      await interrupt()
    }
    const rounds = [0, 1, 2].map((row) => interrupted('SIGINT', row))
    const { status, stdout } = await ended
    assert.equal(stdout, rounds.join('') + WHOLE)
    assert.equal(status, 0)
  })

  test(`${host}: a hard limit stops a query without a signal`, async (t) => {
    const { ended } = runIn(t, host, 'query', [], { hard: enough(host) })
    const { status, stdout } = await ended
    assert.equal(stdout, RUNS)
    assert.equal(status, 152)
  })

  test(`${host}: SQLite elsewhere finds the file whole and goes on in it`, async (t) => {
    const cwd = folder(t)
    const { said, interrupt, ended } = runIn(
      t,
      host,
      'query',
      ['it.db'],
      {},
      cwd
    )
    await said(RUNS)
    await interrupt()
    assert.equal((await ended).stdout, interrupted('SIGINT') + WHOLE)
    const there = start(t, [nativeQuery(), 'it.db'], cwd)
    await there.said(RUNS)
    await there.interrupt('SIGXCPU')
    const { status, stdout } = await there.ended
    assert.equal(stdout, interrupted('SIGXCPU', 1) + WHOLE)
    assert.equal(status, 0)
  })

  test(`${host}: SQLite's own command line goes on to the next statement`, async (t) => {
    const limits = { soft: enough(host), signal: 'SIGINT' }
    const { child, ended } = runIn(t, host, 'sqlite3', ['-interactive'], limits)
    child.stdin.end(
      'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)\n' +
        "SELECT count(*) FROM n;\nSELECT 'and', 'on';\n"
    )
    const { stdout, stderr } = await ended
    assert.match(stderr, /Runtime error: interrupted \(9\)/)
    assert.match(stdout, /and\|on/)
  })
}

test('Node: raise interrupts SQLite from another thread, without a process signal', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--no-warnings', RAISING_HOST, program('query')],
    { encoding: 'utf8', timeout: PATIENCE_MS, killSignal: 'SIGKILL' }
  )
  assert.equal(stdout, interrupted('SIGINT') + WHOLE)
  assert.equal(status, 0)
})

test('the same source is an ordinary program for Unix', async (t) => {
  const { said, interrupt, ended } = start(t, [nativeQuery()])
  await said(RUNS)
  await interrupt()
  const { status, stdout } = await ended
  assert.equal(stdout, interrupted('SIGINT') + WHOLE)
  assert.equal(status, 0)
})

/** Where cargo has put what it fetched; it compared checksums there. */
const crateFolder = (name) =>
  execFileSync(
    join(ROOT, 'scripts/crate-folder'),
    [join(ROOT, 'examples/programs/Cargo.toml'), name],
    { encoding: 'utf8' }
  ).trim()

for (const [name, theirs] of [
  ['sqlite', () => join(crateFolder('sqlite3-src'), 'source')],
  ['quickjs', () => join(crateFolder('rquickjs-sys'), 'quickjs')]
]) {
  test(`the sources of ${name} are as they were published`, () => {
    const ours = join(BUILT, 'sources', name)
    const options = { encoding: 'utf8' }
    const { status, stdout } = spawnSync(
      'diff',
      ['-r', theirs(), ours],
      options
    )
    assert.equal(stdout, '')
    assert.equal(status, 0)
  })
}

test('the programs here do not know wasmsig', () => {
  for (const file of ['examples/sqlite/query.c', 'examples/quickjs/lines.js']) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    assert.doesNotMatch(text, /wasmsig|instance_signal/)
  }
})

// ------------------------------------------------------------------ QuickJS

const LINES = 'examples/quickjs/lines.js'
const LINES_SAY = `> 6 * 7
42
> print("computing"); for (;;);
computing
InternalError: interrupted
> ["and", "on"].join(" ")
and on
`

for (const host of Object.keys(HOSTS)) {
  test(`${host}: SIGINT ends a script's endless loop, and the next line runs`, async (t) => {
    const { said, interrupt, ended } = runIn(t, host, 'qjs', [LINES])
    await said('\ncomputing\n')
    await interrupt()
    const { status, stdout } = await ended
    assert.equal(stdout, LINES_SAY)
    assert.equal(status, 0)
  })

  test(`${host}: so does SIGINT at the soft limit`, async (t) => {
    const limits = { soft: enough(host), signal: 'SIGINT' }
    const { status, stdout } = await runIn(t, host, 'qjs', [LINES], limits)
      .ended
    assert.equal(stdout, LINES_SAY)
    assert.equal(status, 0)
  })

  test(`${host}: a hard limit stops a script that handles nothing`, async (t) => {
    const args = ['-e', 'print("computing"); for (;;);']
    const { ended } = runIn(t, host, 'qjs', args, { hard: enough(host) })
    const { status, stdout } = await ended
    assert.equal(stdout, 'computing\n')
    assert.equal(status, 152)
  })

  test(`${host}: QuickJS's prompt comes back after SIGINT`, async (t) => {
    // It writes its history where it is.
    const prompt = runIn(t, host, 'qjs', ['-i'], {}, folder(t))
    const { child, said, interrupt, ended } = prompt
    await said('qjs > ')
    child.stdin.write('print("computing"); for (;;);\n')
    await said('\ncomputing\n')
    await interrupt()
    await said('InternalError: interrupted')
    await said('qjs > ', { count: 2 })
    child.stdin.write('6 * 7 + 900\n')
    await said('942')
    await said('qjs > ', { count: 3 })
    child.stdin.write('\\q\n')
    assert.equal((await ended).status, 0)
  })
}

test('without raised signals, QuickJS runs as ever', () => {
  const [file, ...args] = HOSTS.Node(program('qjs'), ['-e', 'print(6 * 7)'], {})
  const env = { ...process.env, WASMSIG: 'off' }
  const options = { cwd: ROOT, encoding: 'utf8', env, timeout: PATIENCE_MS }
  const { status, stdout } = spawnSync(file, args, options)
  assert.equal(stdout, '42\n')
  assert.equal(status, 0)
})
