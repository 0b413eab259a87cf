// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument FOLDER -o OUT`: a copy with instrumented modules.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  watch,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import initialise from 'wabt'

import { COMMAND, command, folder, start } from './support/command.mjs'
import { LOOP, OWN, instrument, textToModule } from './support/instrument.mjs'

const wabt = await initialise()
const wat = (text) => textToModule(wabt, text)
const isRoot = process.getuid() === 0
const nobody = isRoot && { uid: 65534, gid: 65534 }

const POLLED = wat(`(module ${OWN} ${LOOP})`)
const PLAIN = wat(`(module ${OWN} (func))`)
const NAME = '(func (export "__instance_signal"))'
const REFUSED = wat(`(module (memory (export "memory") 1) ${NAME} ${LOOP})`)
/** This one is refused when its polls are in already. */
const REFUSED_LATE = wat(`(module (memory 1) ${NAME} ${LOOP})`)
const BROKEN = POLLED.subarray(0, POLLED.length - 2)

/** A folder `in` with files, and the name of one that does not exist. */
function prepare(t, files) {
  const path = folder(t)
  const [input, out] = [join(path, 'in'), join(path, 'out')]
  mkdirSync(input)
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(input, name)), { recursive: true })
    writeFileSync(join(input, name), contents)
  }
  return { path, input, out }
}

function made(input, out, ...args) {
  const { status, stdout, stderr } = command(
    ['instrument', input, '-o', out, '--json', ...args],
    {}
  )
  assert.equal(stderr, '')
  assert.match(stdout, /^\{.*\}\n$/)
  return { status, ...JSON.parse(stdout) }
}

const fails = (input, out, why, options) => {
  const { status, stdout, stderr } = command(
    ['instrument', input, '-o', out],
    options
  )
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^wasmsig: [^\n]+\n$/)
  assert.match(stderr, why)
}

// ----------------------------------------------------------------- the copy

test('modules are instrumented, and everything else is copied', (t) => {
  const { path, input, out } = prepare(t, {
    'a.wasm': POLLED,
    'lib/b.wasm': PLAIN,
    'lib/deep/module': POLLED,
    'package.json': '{}',
    empty: ''
  })
  mkdirSync(join(input, 'nothing'))
  const { status, files, copied } = made(input, out)
  assert.deepEqual([status, copied], [0, 2])
  assert.deepEqual(
    files.map(({ file, outcome }) => [file, outcome]),
    [
      ['a.wasm', 'instrumented'],
      ['lib/b.wasm', 'unchanged'],
      ['lib/deep/module', 'instrumented']
    ]
  )
  const names = (at) => readdirSync(at, { recursive: true }).sort()
  assert.deepEqual(names(out), names(input))
  const read = (name) => readFileSync(join(out, name))
  assert.deepEqual(read('a.wasm'), instrument(POLLED))
  assert.deepEqual(read('lib/deep/module'), instrument(POLLED))
  assert.deepEqual(read('lib/b.wasm'), PLAIN)
  assert.equal(read('package.json').toString(), '{}')
  assert.equal(read('empty').length, 0)
  assert.deepEqual(readdirSync(path).sort(), ['in', 'out'])
})

test('options apply to all modules', (t) => {
  const { input, out } = prepare(t, { 'a.wasm': POLLED })
  made(input, out, '--every', '7', '--calls')
  assert.deepEqual(
    readFileSync(join(out, 'a.wasm')),
    instrument(POLLED, '--every', '7', '--calls')
  )
})

test('modes are kept, and times of files that are the same', (t) => {
  const { input, out } = prepare(t, {
    'bin/tool': '#!/bin/sh',
    'a.wasm': POLLED
  })
  chmodSync(join(input, 'bin/tool'), 0o4755)
  chmodSync(join(input, 'a.wasm'), 0o640)
  chmodSync(join(input, 'bin'), 0o555)
  chmodSync(input, 0o750)
  utimesSync(join(input, 'bin/tool'), 1, 2)
  assert.equal(made(input, out).status, 0)
  const mode = (name) => statSync(join(out, name)).mode & 0o7777
  assert.deepEqual(
    ['', 'bin', 'bin/tool', 'a.wasm'].map(mode),
    [0o750, 0o555, 0o755, 0o640]
  )
  assert.equal(statSync(join(out, 'bin/tool')).mtimeMs, 2000)
  for (const at of [input, out]) chmodSync(join(at, 'bin'), 0o755)
})

test('links stay links, and those that lead out are listed', (t) => {
  const { path, input, out } = prepare(t, { 'a.wasm': POLLED, text: 'text' })
  mkdirSync(join(path, 'other'))
  writeFileSync(join(path, 'other/b.wasm'), POLLED)
  writeFileSync(join(path, 'other/text'), 'text')
  const links = {
    inside: 'a.wasm',
    broken: 'nowhere',
    loop: 'loop',
    text: '../other/text',
    module: '../other/b.wasm',
    folder: '../other',
    absolute: join(input, 'a.wasm')
  }
  for (const [name, target] of Object.entries(links))
    symlinkSync(target, join(input, `link-${name}`))
  const { status, files } = made(input, out)
  assert.equal(status, 0)
  for (const [name, target] of Object.entries(links))
    assert.equal(readlinkSync(join(out, `link-${name}`)), target)
  assert.deepEqual(
    files.filter(({ outcome }) => outcome === 'link').map(({ file }) => file),
    ['link-absolute', 'link-folder', 'link-module']
  )
  assert.deepEqual(readFileSync(join(out, 'link-inside')), instrument(POLLED))
})

test('a link that leads to the folder is followed', (t) => {
  const { path, input, out } = prepare(t, { 'a.wasm': POLLED })
  symlinkSync('in', join(path, 'link'))
  assert.equal(made(join(path, 'link'), `${out}/`).status, 0)
  assert.ok(lstatSync(out).isDirectory())
  assert.deepEqual(readdirSync(out), readdirSync(input))
})

test('modules that are refused are copied and listed: exit status 3', (t) => {
  const { input, out } = prepare(t, {
    'a.wasm': POLLED,
    'broken.wasm': BROKEN,
    'late.wasm': REFUSED_LATE,
    'refused.wasm': REFUSED,
    'text.wasm': 'version https://git-lfs.github.com/spec/v1'
  })
  const { status, files } = made(input, out)
  assert.equal(status, 3)
  const by = Object.fromEntries(files.map((row) => [row.file, row]))
  assert.deepEqual(
    files.map(({ outcome }) => outcome),
    ['instrumented', 'refused', 'refused', 'refused', 'no-module']
  )
  assert.match(by['broken.wasm'].reason, /at byte \d+/)
  assert.match(by['refused.wasm'].reason, /^__instance_signal: /)
  assert.deepEqual(readFileSync(join(out, 'broken.wasm')), BROKEN)
  assert.deepEqual(readFileSync(join(out, 'late.wasm')), REFUSED_LATE)
  assert.deepEqual(readFileSync(join(out, 'refused.wasm')), REFUSED)
  assert.match(readFileSync(join(out, 'text.wasm'), 'utf8'), /^version/)
})

test('what cannot be read is left out and listed: exit status 1', (t) => {
  const { path, input, out } = prepare(t, {
    'a.wasm': POLLED,
    'hidden.wasm': POLLED,
    'closed/file': ''
  })
  chmodSync(path, 0o777)
  chmodSync(join(input, 'hidden.wasm'), 0)
  chmodSync(join(input, 'closed'), 0)
  const { status, stdout } = command(
    ['instrument', input, '-o', out, '--json'],
    { ...nobody }
  )
  assert.equal(status, 1)
  const { files } = JSON.parse(stdout)
  assert.deepEqual(
    files.map(({ file, outcome, reason }) => [file, outcome, reason]),
    [
      ['a.wasm', 'instrumented', null],
      ['closed', 'unreadable', 'Permission denied'],
      ['hidden.wasm', 'unreadable', 'Permission denied']
    ]
  )
  assert.deepEqual(readdirSync(out).sort(), ['a.wasm', 'closed'])
})

test('a FIFO is left out, and does not block', (t) => {
  const { input, out } = prepare(t, { 'a.wasm': POLLED })
  execFileSync('mkfifo', [join(input, 'fifo.wasm')])
  const { status, files } = made(input, out)
  assert.equal(status, 0)
  assert.equal(files[1].outcome, 'left-out')
  assert.deepEqual(readdirSync(out), ['a.wasm'])
})

// ------------------------------------------------------ nothing half-written

test('an empty folder may be the output; another one is unchanged', (t) => {
  const { path, input, out } = prepare(t, { 'a.wasm': POLLED })
  mkdirSync(out)
  assert.equal(made(input, out).status, 0)
  const before = readFileSync(join(out, 'a.wasm'))
  fails(input, out, /out: the folder is not empty: name a new one/)
  fails(input, input, /in: it must be outside of|in: the folder is not empty/)
  fails(input, join(input, 'out'), /it must be outside of /)
  fails(input, join(path, 'none/out'), /No such file or directory/)
  writeFileSync(join(path, 'file'), 'old')
  fails(input, join(path, 'file'), /file: it exists, and is no folder/)
  assert.deepEqual(readFileSync(join(out, 'a.wasm')), before)
  assert.deepEqual(readdirSync(path).sort(), ['file', 'in', 'out'])
  assert.deepEqual(readdirSync(input), ['a.wasm'])
})

test('if a file cannot be written, there is no output', (t) => {
  const { path, input, out } = prepare(t, { a: 'text', 'b.wasm': POLLED })
  const { status, stdout, stderr } = spawnSync(
    'bash',
    [
      '-c',
      'ulimit -f 0; exec "$0" instrument "$1" -o "$2"',
      COMMAND,
      input,
      out
    ],
    { encoding: 'utf8' }
  )
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^wasmsig: [^\n]*: File too large\n$/)
  assert.deepEqual(readdirSync(path), ['in'])
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  test(`${signal} leaves no output`, async (t) => {
    const { path, input, out } = prepare(t, { 'z/file': 'text' })
    writeFileSync(join(input, 'a'), '')
    truncateSync(join(input, 'a'), 2 ** 32) // without blocks on the disk
    chmodSync(join(input, 'z'), 0o555)
    let child
    let isSent = false
    const watcher = watch(path, () => {
      isSent ||= child.kill(signal)
    })
    const args = ['instrument', input, '-o', out]
    const started = start(t, args, 'ignore')
    child = started.child
    const end = await started.ended
    watcher.close()
    chmodSync(join(input, 'z'), 0o755)
    assert.ok(isSent)
    assert.equal(end.signal, signal)
    assert.deepEqual(readdirSync(path), ['in'])
  })

// -------------------------------------------------------------- the report

test('the table has a row for each module, and a sum', (t) => {
  const { input, out } = prepare(t, {
    'a.wasm': POLLED,
    'long\u001b[31m.wasm': PLAIN,
    'refused.wasm': REFUSED,
    text: ''
  })
  const { status, stdout, stderr } = command(['instrument', input, '-o', out])
  assert.deepEqual([status, stderr], [3, ''])
  const ratio = (instrument(POLLED).length / POLLED.length).toFixed(2)
  const lines = stdout.trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => line.split(/ {2,}/)),
    [
      ['module', 'polls', 'words', 'size', 'result'],
      ['a.wasm', '1', 'own', ratio, 'SIGKILL only'],
      [
        'long\\1b[31m.wasm',
        'unchanged: it has no loop to poll in, and no recursion (see --calls)'
      ],
      ['refused.wasm', lines[3].split(/ {2,}/)[1]],
      ['1 instrumented, 1 unchanged, 1 refused; 1 other files copied']
    ]
  )
  assert.match(lines[3], / refused: __instance_signal: /)
  const column = lines[0].indexOf('result')
  assert.equal(lines[1].indexOf('SIGKILL'), column)
  assert.equal(lines[2].indexOf('unchanged'), column)
})

test('a folder without modules says so', (t) => {
  const { input, out } = prepare(t, { text: '' })
  const { status, stdout } = command(['instrument', input, '-o', out])
  assert.deepEqual([status, stdout], [0, 'no module; 1 other files copied\n'])
})

test('--verbose and --explain print messages about each module', (t) => {
  const { input, out } = prepare(t, { 'b/a.wasm': POLLED })
  const args = ['instrument', input, '-o', out, '--verbose', '--explain']
  const { status, stderr } = command(args)
  assert.equal(status, 0)
  assert.match(stderr, /^wasmsig: b\/a.wasm: 1 poll, 1 loop, words of/m)
  assert.match(stderr, /^wasmsig: b\/a.wasm: own: yes: /m)
})

test('a terminal shows the progress, and removes it', (t) => {
  const { input, out } = prepare(t, { 'a.wasm': POLLED, b: '' })
  const terminal = fileURLToPath(
    new URL('./support/terminal.py', import.meta.url)
  )
  const args = ['[]', COMMAND, 'instrument', input, '-o', out]
  const { stdout } = spawnSync('python3', [terminal, ...args], {
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm' }
  })
  const { output } = JSON.parse(stdout)
  const cleared = '\r\u001b[K'
  assert.ok(output.includes(`[2/3] a.wasm${cleared}[3/3] b${cleared}`), output)
})

test('a message on a terminal begins a line', (t) => {
  const { input, out } = prepare(t, { 'a.wasm': POLLED })
  const terminal = fileURLToPath(
    new URL('./support/terminal.py', import.meta.url)
  )
  const args = ['[]', COMMAND, 'instrument', '-v', input, '-o', out]
  const { stdout } = spawnSync('python3', [terminal, ...args], {
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm' }
  })
  const { output } = JSON.parse(stdout)
  assert.ok(output.includes('a.wasm\r\u001b[Kwasmsig: a.wasm: '), output)
})

test('wrong usage with folders', (t) => {
  const { input, out } = prepare(t, { 'a.wasm': POLLED })
  const usages = [
    [[input, '-o', '-'], /a folder cannot be written to standard output/],
    [[join(input, 'a.wasm'), '-o', out, '--json'], /--json is for a folder/]
  ]
  for (const [args, why] of usages) {
    const { status, stderr } = command(['instrument', ...args])
    assert.equal(status, 2)
    assert.match(stderr, why)
  }
  assert.ok(!existsSync(out))
})
