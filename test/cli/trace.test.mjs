// SPDX-License-Identifier: Apache-2.0 OR MIT
// --trace: what is in the file, however the run ends.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import {
  COMMAND,
  ENGINES,
  command,
  folder,
  guest,
  pause,
  run,
  startIn
} from './support/command.mjs'
import { has, only, readTrace } from '../support/trace.mjs'

const plain = guest('plain')
const signals = guest('signals')

/** Waits until the trace has such an event. */
async function until(file, isThere) {
  const end = Date.now() + PATIENCE_MS
  while (!readTrace(file).events.some(isThere)) {
    assert.ok(Date.now() < end, readFileSync(file, 'utf8'))
    await pause(20)
  }
}

for (const engine of ENGINES) {
  const traced = (t, ...args) => {
    const file = join(folder(t), 'trace.json')
    const result = run(engine, ['--trace', file, ...args])
    return { ...result, ...readTrace(file) }
  }

  test(`${engine}: a trace has loading, the call and the exit`, (t) => {
    const { status, stderr, events, state } = traced(t, plain, 'exit', '4')
    assert.deepEqual([status, stderr, state], [4, '', 'complete'])
    assert.equal(only(events, 'process_name').args.name, plain)
    const load = only(events, 'load', 'B')
    const call = only(events, 'call', 'B')
    const exit = only(events, 'exit')
    assert.equal(exit.args.status, 4)
    assert.ok(load.ts < call.ts && call.ts < exit.ts)
    assert.ok(!has(events, 'section'))
  })

  test(`${engine}: the soft limit is raised before it is acknowledged`, (t) => {
    const limits = ['--cpu-soft', '30ms', '--cpu-hard', '100s']
    const { stdout, status, events } = traced(t, ...limits, signals, 'busy')
    assert.match(stdout, /received 24/)
    assert.equal(status, 10)
    const section = only(events, 'section', 'B')
    assert.deepEqual(section.args, { soft_ns: 3e7, hard_ns: 1e11 })
    const raised = only(events, 'SIGXCPU raised')
    const acknowledged = only(events, 'SIGXCPU acknowledged')
    const end = only(events, 'section', 'E')
    assert.equal(raised.args.by, 'the soft limit')
    assert.ok(section.ts < raised.ts && raised.ts <= acknowledged.ts)
    assert.ok(acknowledged.ts <= end.ts)
  })

  test(`${engine}: a kill is the last event, within the section`, (t) => {
    const { stdout, status, events, state } = traced(
      ...[t, '--cpu-hard', '20ms', plain, 'spin']
    )
    assert.deepEqual([stdout, status, state], ['half a li', 152, 'complete'])
    const kill = only(events, 'kill')
    assert.equal(kill.args.limit, 'CPU')
    const end = only(events, 'section', 'E')
    assert.equal(end.args.end, 'that of the process')
    assert.ok(end.ts >= kill.ts)
  })

  test(`${engine}: each sleep is a slice`, (t) => {
    const { events } = traced(t, plain, 'nap', '3')
    const waits = events.filter(({ name }) => name === 'waiting')
    assert.deepEqual(waits.map(({ ph }) => ph).join(''), 'BEBEBE')
    assert.ok(waits[1].ts - waits[0].ts >= 1000) // a nap is 1 ms
  })

  test(`${engine}: --wall is a kill`, (t) => {
    const { status, events } = traced(t, '--wall', '300ms', signals, 'sleeping')
    assert.equal(status, 124)
    assert.equal(only(events, 'kill').args.limit, 'wall clock')
  })

  test(`${engine}: a wait that ends at once is none`, (t) => {
    assert.ok(!has(traced(t, plain, 'exit', '0').events, 'waiting'))
  })

  test(`${engine}: a signal of the process ends a wait`, async (t) => {
    const file = join(folder(t), 'trace.json')
    const { child, said, ended } = startIn(t, engine, [
      ...['--trace', file, signals, 'reading']
    ])
    await said('reading')
    await until(file, ({ name }) => name === 'waiting')
    child.kill('SIGUSR1')
    const { status, stdout } = await ended
    assert.equal(status, 12)
    assert.match(stdout, /interrupted, received 10/)
    const { events } = readTrace(file)
    const raised = only(events, 'SIGUSR1 raised')
    assert.equal(raised.args.by, "the process's signal")
    assert.ok(raised.ts <= only(events, 'waiting', 'E').ts)
    assert.ok(raised.ts <= only(events, 'SIGUSR1 acknowledged').ts)
  })

  test(`${engine}: a signal that ends the run is in the trace`, async (t) => {
    const file = join(folder(t), 'trace.json')
    const { child, said, ended } = startIn(t, engine, [
      ...['--trace', file, plain, 'spin']
    ])
    await said('half')
    child.kill('SIGTERM')
    assert.equal((await ended).signal, 'SIGTERM')
    const { events, state } = readTrace(file)
    assert.equal(state, 'complete')
    only(events, 'SIGTERM ends the process')
  })

  test(`${engine}: the file is whole while the run lasts, and after SIGKILL`, async (t) => {
    const file = join(folder(t), 'trace.json')
    const { child, said, ended } = startIn(t, engine, [
      ...['--trace', file, '--cpu-hard', '100s', signals, 'sleeping']
    ])
    await said('sleeping')
    await until(file, ({ name }) => name === 'waiting')
    child.kill('SIGKILL')
    await ended
    const { events, state } = readTrace(file)
    assert.equal(state, 'running')
    const { args } = only(events, 'waiting', 'E')
    assert.equal(args.end, 'later than this trace')
    only(events, 'section', 'B')
  })

  test(`${engine}: a trap is in the trace`, (t) => {
    const { status, events } = traced(t, plain, 'trap')
    assert.equal(status, 134)
    assert.equal(only(events, 'trap').args.status, 134)
  })

  test(`${engine}: --stats and --trace see the same signals`, (t) => {
    const { stderr, events } = traced(
      ...[t, '--json', '--cpu-soft', '30ms', signals, 'busy']
    )
    const [{ sent, acknowledged }] = JSON.parse(stderr).signals
    assert.deepEqual([sent, acknowledged], [1, 1])
    only(events, 'SIGXCPU raised')
    only(events, 'SIGXCPU acknowledged')
  })
}

test('a compilation is a slice, and a start from the cache has none', (t) => {
  const cache = folder(t)
  const env = { ...process.env, WASMSIG_CACHE: cache }
  const file = join(cache, 'trace.json')
  const names = () => {
    command(['run', '--trace', file, plain, 'exit', '0'], { env })
    return readTrace(file).events.map(({ name }) => name)
  }
  assert.ok(names().includes('compile'))
  assert.ok(!names().includes('compile'))
})

test('a limit that passes while the module is compiled is in the trace', (t) => {
  const file = join(folder(t), 'trace.json')
  const { status } = command([
    ...['run', '--no-cache', '--trace', file, '--cpu-compile', '1us', plain]
  ])
  assert.equal(status, 152)
  assert.match(only(readTrace(file).events, 'kill').args.limit, /compiled/)
})

test('a file that cannot be run leaves a whole trace', (t) => {
  const file = join(folder(t), 'trace.json')
  const { status } = command(['run', '--trace', file, '/none.wasm'])
  assert.equal(status, 1)
  assert.equal(readTrace(file).state, 'complete')
})

test('%p in the name is the process id, and the last --trace counts', (t) => {
  const cwd = folder(t)
  const names = ['--trace', 'first', '--trace', 'a%%b-%p.json']
  const { pid } = command(['run', ...names, plain, 'exit', '0'], { cwd })
  assert.deepEqual(readdirSync(cwd), [`a%b-${pid}.json`])
})

test('a name that JSON must escape is in the trace', (t) => {
  const cwd = folder(t)
  const module = 'a"b\\c\n\u{1f600}é.wasm'
  copyFileSync(plain, join(cwd, module))
  command(['run', '--trace', 't.json', module, 'exit', '0'], { cwd })
  const { events } = readTrace(join(cwd, 't.json'))
  assert.equal(only(events, 'process_name').args.name, 'a?b?c?\u{1f600}é.wasm')
})

// -------------------------------------------------- files that cannot be one

const refused = (file, pattern, options) => {
  const args = ['run', '--trace', file, plain, 'exit', '7']
  const { status, stdout, stderr } = command(args, options)
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, pattern)
  assert.match(stderr, /^wasmsig: --trace: .*\n$/)
}

test('a trace that cannot be written is an error before the run', (t) => {
  const cwd = folder(t)
  refused(join(cwd, 'none', 'trace'), /No such file or directory/)
  refused(cwd, /Is a directory/)
  refused('-', /it cannot go to standard output/)
  refused('', /its name is empty/)
  refused('x'.repeat(5000), /File ?name too long/)
  refused('/dev/full', /No space left on device/)
  spawnSync('mkfifo', [join(cwd, 'pipe')])
  refused(join(cwd, 'pipe'), /no file in which a trace can be rewritten/)
  refused('/dev/stdout', /no file in which a trace can be rewritten|No such/)
})

test('a read-only file is refused', { skip: process.getuid() === 0 }, (t) => {
  const file = join(folder(t), 'trace')
  writeFileSync(file, '', { mode: 0o400 })
  refused(file, /Permission denied/)
})

test('a file that is no trace is not overwritten', (t) => {
  const module = join(folder(t), 'plain.wasm')
  copyFileSync(plain, module)
  refused(module, /a file that is no trace is there/)
  assert.deepEqual(readFileSync(module), readFileSync(plain))
})

test('an earlier trace is overwritten', (t) => {
  const file = join(folder(t), 'trace')
  for (const status of ['3', '4'])
    command(['run', '--trace', file, plain, 'exit', status])
  assert.equal(only(readTrace(file).events, 'exit').args.status, 4)
})

test('/dev/null takes a trace', () => {
  const args = ['run', '--trace', '/dev/null', plain, 'exit', '7']
  const { status, stderr } = command(args)
  assert.deepEqual([status, stderr], [7, ''])
})

test('a second process does not write into the trace of the first', async (t) => {
  const file = join(folder(t), 'trace')
  const { child, said, ended } = startIn(t, 'wasmtime', [
    ...['--trace', file, plain, 'spin']
  ])
  await said('half')
  refused(file, /another process is writing its trace there/)
  child.kill('SIGTERM')
  await ended
  only(readTrace(file).events, 'SIGTERM ends the process')
})

// ---------------------------------------------------------------- a full disk

/** Runs a script of bash that runs the command, `"$@"`, with a small disk. */
function onSmallDisk(t, script, engine) {
  const cwd = folder(t)
  const words = ['run', '--engine', engine, '--trace', 'trace.json']
  const guest = [plain, 'nap', '1000']
  const options = { cwd, encoding: 'utf8', stdio: 'pipe' }
  const all = ['-rm', 'bash', '-c', script, 'bash', COMMAND, ...words, ...guest]
  const result = spawnSync('unshare', all, options)
  return { ...result, file: join(cwd, 'copy.json') }
}

const smallDisks = {
  'past the limit for files': `
    (ulimit -f 64 && exec "$@"); status=$?
    cp trace.json copy.json; exit $status`,
  'on a full disk': `
    mkdir disk && mount -t tmpfs -o size=64k none disk || exit 99
    (cd disk && exec "$@"); status=$?
    cp disk/trace.json copy.json; exit $status`
}

for (const engine of ENGINES) {
  for (const [where, script] of Object.entries(smallDisks)) {
    test(`${engine}: ${where} the trace ends, and the run goes on`, (t) => {
      const { status, stdout, stderr, file } = onSmallDisk(t, script, engine)
      if (status === 99) return t.skip('no disk can be mounted here')
      assert.deepEqual([stdout, status], ['rested\n', 0], stderr)
      const why = 'File too large|No space left on device'
      const line = `wasmsig: --trace: trace.json: the trace ends here: (${why})\n`
      assert.match(stderr, new RegExp(`^${line}$`))
      const { events, state } = readTrace(file)
      assert.equal(state, 'cut short')
      only(events, 'load', 'B')
    })
  }
}
