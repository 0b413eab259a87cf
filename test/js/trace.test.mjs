// SPDX-License-Identifier: Apache-2.0 OR MIT
/** WASMSIG_TRACE: what is in the file of a process. */
import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { has, only, readTrace } from '../support/trace.mjs'
import { start } from './support/child.mjs'

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

/** Runs a mode of the program to its end, with a trace. */
async function traced(t, mode, name = 'trace.json') {
  const file = join(folder(t), name)
  const child = start('traced.mjs', {
    args: [mode],
    env: { WASMSIG_TRACE: file }
  })
  return { ...(await child.end()), file }
}

test('a soft limit is raised, then acknowledged, within the section', async (t) => {
  const { stdout, stderr, file } = await traced(t, 'soft')
  assert.deepEqual([stdout, stderr], ['result: 24\n', ''])
  const { events, state } = readTrace(file)
  assert.equal(state, 'complete')
  const begin = only(events, 'section', 'B')
  const raised = only(events, 'SIGXCPU raised')
  const acknowledged = only(events, 'SIGXCPU acknowledged')
  const end = only(events, 'section', 'E')
  assert.deepEqual(begin.args, { soft_ns: 2e7, hard_ns: 6e10 })
  assert.equal(raised.args.by, 'the soft limit')
  assert.equal(end.args.outcome, 'past the soft limit')
  assert.ok(end.args.used_ns >= 2e7)
  const times = [begin, raised, acknowledged, end].map(({ ts }) => ts)
  assert.deepEqual(
    [...times].sort((a, b) => a - b),
    times
  )
  assert.ok(!has(events, 'kill'))
})

test('a hard limit is a kill; its unheard signal is withdrawn', async (t) => {
  const { stdout, file } = await traced(t, 'hard')
  assert.equal(stdout, 'result: ERR_WASMSIG_CPU_LIMIT\n')
  const { events } = readTrace(file)
  assert.equal(only(events, 'kill').args.limit, 'hard')
  assert.equal(only(events, 'section', 'E').args.outcome, 'killed')
  only(events, 'SIGXCPU raised')
  only(events, 'SIGXCPU withdrawn')
  assert.ok(!has(events, 'SIGXCPU acknowledged'))
})

test('a wall limit is a kill', async (t) => {
  const { stdout, file } = await traced(t, 'wall')
  assert.equal(stdout, 'result: ERR_WASMSIG_CPU_LIMIT\n')
  assert.equal(only(readTrace(file).events, 'kill').args.limit, 'wall')
})

test('each compilation that succeeds is a slice', async (t) => {
  const { stdout, file } = await traced(t, 'compile')
  assert.equal(stdout, 'result: compiled\n')
  const { events } = readTrace(file)
  const own = events.filter(({ name }) => name === 'compile')
  assert.equal(own.map(({ ph }) => ph).join(''), 'BEbebe')
  assert.equal(own[2].id, own[3].id)
  assert.notEqual(own[3].id, own[4].id)
})

test('runAsync waits between its sections', async (t) => {
  const { stdout, file } = await traced(t, 'waits')
  assert.equal(stdout, 'result: waited\n')
  const { events } = readTrace(file)
  const waits = events.filter(({ name }) => name === 'waiting')
  assert.match(waits.map(({ ph }) => ph).join(''), /^(be)+$/)
  const begins = events.filter(
    ({ name, ph }) => name === 'section' && ph === 'B'
  )
  assert.ok(begins.length >= 2)
  // From before the timer of 30 ms was set until after it came.
  const until = waits.at(-1).ts - begins[0].ts
  assert.ok(until >= 29_000, `${until} us`)
})

test('raise() is in the trace, and its acknowledgement', async (t) => {
  const { stdout, file } = await traced(t, 'raised')
  assert.equal(stdout, 'result: 10\n')
  const { events } = readTrace(file)
  const raised = only(events, 'SIGUSR1 raised')
  assert.equal(raised.args.by, 'a call of raise')
  assert.ok(only(events, 'SIGUSR1 acknowledged').ts >= raised.ts)
})

test('a forwarded signal is in the trace', async (t) => {
  const file = join(folder(t), 'trace')
  const child = start('traced.mjs', {
    args: ['forwarded'],
    env: { WASMSIG_TRACE: file }
  })
  assert.ok(await child.prints('ready'))
  child.kill('SIGUSR2')
  assert.match((await child.end()).stdout, /result: 12/)
  const { events } = readTrace(file)
  assert.equal(only(events, 'SIGUSR2 raised').args.by, "the process's signal")
  only(events, 'SIGUSR2 acknowledged')
})

test('all threads write one file, each on its own line', async (t) => {
  const { file } = await traced(t, 'workers')
  const { events } = readTrace(file)
  const tids = (wanted) =>
    new Set(events.filter(({ name }) => name === wanted).map(({ tid }) => tid))
  assert.equal(tids('section').size, 4)
  assert.deepEqual(tids('SIGXCPU raised'), tids('section'))
  assert.deepEqual(tids('SIGXCPU acknowledged'), tids('section'))
  const names = events.filter(({ name }) => name === 'thread_name')
  assert.deepEqual(names.map(({ args }) => args.name).sort(), [
    'main thread',
    'worker',
    'worker',
    'worker'
  ])
})

test('process.exit within a section leaves a complete trace', async (t) => {
  const { status, file } = await traced(t, 'exits')
  assert.equal(status, 5)
  const { events, state } = readTrace(file)
  assert.equal(state, 'complete')
  assert.equal(only(events, 'section', 'E').args.end, 'that of the process')
})

test('after SIGKILL the file is whole, and has the section', async (t) => {
  const file = join(folder(t), 'trace')
  const child = start('traced.mjs', {
    args: ['killed'],
    env: { WASMSIG_TRACE: file }
  })
  assert.ok(await child.prints('ready'))
  const end = Date.now() + PATIENCE_MS
  while (!has(readTrace(file).events, 'section')) {
    assert.ok(Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  await child.end()
  const { events, state } = readTrace(file)
  assert.equal(state, 'running')
  assert.equal(only(events, 'section', 'E').args.end, 'later than this trace')
})

test('what is lost is counted, and no slice lacks its end', async (t) => {
  const { stdout, stderr, file } = await traced(t, 'many')
  assert.equal(stdout, 'result: many\n')
  const { events, lost } = readTrace(file)
  const count = (ph) => events.filter((event) => event.ph === ph).length
  assert.equal(count('B'), count('E'))
  assert.equal(count('B') + lost, 100_000)
  if (lost > 0) assert.match(stderr, new RegExp(`missing: ${lost}\n`))
})

test('a child does not write into the trace of its parent', async (t) => {
  const { stdout, file } = await traced(t, 'child')
  assert.match(stdout, /another process is writing its trace there/)
  assert.match(stdout, /this process is not traced\nresult: 24\n$/)
  only(readTrace(file).events, 'section', 'B')
})

test('with %p in the name a child has a trace of its own', async (t) => {
  const { stdout, file } = await traced(t, 'child', 'trace-%p.json')
  assert.equal(stdout, 'result: 24\n')
  const cwd = join(file, '..')
  const files = readdirSync(cwd)
  assert.equal(files.length, 2)
  for (const each of files)
    only(readTrace(join(cwd, each)).events, 'section', 'B')
})

test('a trace that cannot be written is a warning', async (t) => {
  const { stdout, stderr, status } = await traced(t, 'soft', 'none/trace')
  assert.deepEqual([stdout, status], ['result: 24\n', 0])
  assert.match(
    stderr,
    /^wasmsig: WASMSIG_TRACE: .*: No such file or directory: this process is not traced\n$/
  )
})

test('a file that is no trace is not overwritten', async (t) => {
  const file = join(folder(t), 'program.mjs')
  const own = new URL(import.meta.url).pathname
  copyFileSync(own, file)
  const child = start('traced.mjs', {
    args: ['soft'],
    env: { WASMSIG_TRACE: file }
  })
  const { stdout, stderr } = await child.end()
  assert.equal(stdout, 'result: 24\n')
  assert.match(stderr, /a file that is no trace is there/)
  assert.deepEqual(readFileSync(file), readFileSync(own))
})

test('a full disk ends the trace, and not the program', async () => {
  const child = start('traced.mjs', {
    args: ['soft'],
    env: { WASMSIG_TRACE: '/dev/full' }
  })
  const { stdout, stderr, status } = await child.end()
  assert.deepEqual([stdout, status], ['result: 24\n', 0])
  assert.match(stderr, /No space left on device: this process is not traced/)
})

test('WASMSIG=off and an empty WASMSIG_TRACE trace nothing', async (t) => {
  const file = join(folder(t), 'trace')
  for (const env of [
    { WASMSIG: 'off', WASMSIG_TRACE: file },
    { WASMSIG_TRACE: '' }
  ]) {
    const { stdout, stderr } = await start('traced.mjs', {
      args: ['compile'],
      env
    }).end()
    assert.deepEqual([stdout, stderr], ['result: compiled\n', ''])
  }
  assert.ok(!existsSync(file))
})
