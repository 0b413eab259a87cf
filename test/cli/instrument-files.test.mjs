// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig instrument`: custom sections, files, and the command line.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'

import initialise from 'wabt'

import { COMMAND, command, folder, start } from './support/command.mjs'
import {
  codeOf as code,
  LOOP,
  OWN,
  instrument,
  otherMessages,
  pollAt1024,
  sections,
  textToModule,
  tryInstrument,
  withCustom
} from './support/instrument.mjs'

const wabt = await initialise()
const wat = (text) => textToModule(wabt, text)

// ---------------------------------------------------------- custom sections

test('sections with code offsets are left out, with a message', () => {
  const plain = wat(`(module ${OWN} ${LOOP})`)
  const names = ['sourceMappingURL', 'external_debug_info', 'build_id']
  for (const name of [...names, 'signature', 'signature_delimiter']) {
    const made = tryInstrument(withCustom(plain, name, '\x03abc'))
    assert.equal(made.status, 0)
    assert.match(made.stderr, new RegExp(`^wasmsig: -: left out: ${name} \\(`))
    assert.ok(!sections(made.bytes).some(([, found]) => found === name))
  }
})

test('if no code has moved, no section is left out', () => {
  const plain = wat(`(module ${OWN} (func))`)
  const names = ['sourceMappingURL', 'build_id', 'signature']
  const bytes = names.reduce(
    (module, name) => withCustom(module, name, '\x03abc'),
    plain
  )
  assert.deepEqual(tryInstrument(bytes).bytes, bytes)
})

test('long lists of sections that are left out are shortened', () => {
  let bytes = wat(`(module ${OWN} ${LOOP})`)
  for (let i = 0; i < 20; i++) bytes = withCustom(bytes, 'build_id', '\x03abc')
  const { stderr } = tryInstrument(bytes)
  assert.equal(stderr.match(/build_id/g).length, 16)
  assert.match(stderr, /\nwasmsig: -: left out: 4 more\n$/)
  const long = (letter) => `metadata.code.${letter.repeat(250)}`
  const names = ['a', 'b', 'c'].map(long)
  const module = names.reduce(
    (module, name) => withCustom(module, name, [9, 9]),
    wat(`(module ${OWN} ${LOOP})`)
  )
  assert.match(
    tryInstrument(module).stderr,
    /^wasmsig: -: left out: metadata.code.a{250} and 2 more \(.*\n$/
  )
})

/** A section of names: of the labels of function 0, and [4, "t"] of a type. */
const labelNames = (...labels) => {
  const names = labels.flatMap(([label, name]) => [label, 1, name.charCodeAt()])
  const functions = [1, 0, labels.length, ...names]
  return [3, functions.length, ...functions, 4, 4, 1, 0, 1, 0x74]
}

test('names of labels stay with their blocks', () => {
  const bytes = wat(`(module ${OWN} (func
    (block (loop (block (br_if 1 (i32.const 1))) (loop (if (i32.const 1)
      (then (br 1))))))))`)
  const renamed = (...args) =>
    sections(
      instrument(
        withCustom(
          bytes,
          'name',
          labelNames([0, 'b'], [1, 'l'], [2, 'c'], [3, 'm'], [4, 'i'])
        ),
        ...args
      )
    ).find(([, name, contents]) => name === 'name' && contents[0] === 3)[2]
  const expected = (...labels) =>
    Buffer.from(labelNames(...labels.map((label, i) => [label, 'blcmi'[i]])))
  assert.deepEqual(renamed('--every', '1'), expected(0, 1, 3, 4, 6))
  assert.deepEqual(renamed('--every', '7'), expected(0, 1, 4, 5, 8))
  const both = ['--every', '1', '--calls']
  assert.deepEqual(renamed(...both), expected(1, 2, 4, 5, 7))
  const broken = withCustom(bytes, 'name', [3, 4, 1, 0, 9, 9])
  assert.deepEqual(
    sections(instrument(broken)).findLast(([, name]) => name === 'name')[2],
    Buffer.from([3, 4, 1, 0, 9, 9])
  )
})

test('target_features contains atomics', () => {
  const plain = wat(`(module ${OWN} ${LOOP})`)
  const features = (contents) =>
    sections(instrument(withCustom(plain, 'target_features', contents)))
      .find(([, name]) => name === 'target_features')[2]
      .toString()
  assert.equal(features('\x01+\x04simd'), '\x02+\x04simd+\x07atomics')
  assert.equal(features('\x01+\x07atomics'), '\x01+\x07atomics')
  assert.equal(features('\x01-\x07atomics'), '\x01+\x07atomics')
  assert.equal(features('\x01+\x04simd and more'), '\x01+\x04simd and more')
  assert.equal(features('\x02+\x04simd'), '\x02+\x04simd')
})

test('branch hints move with the code', () => {
  // Function 0: no locals, a loop with a br_if at its byte 5.
  const bytes = wat(`(module ${OWN}
    (func (loop (br_if 0 (i32.const 0)))))`)
  const hint = [1, 0, 1, 5, 1, 1]
  const hints = withCustom(bytes, 'metadata.code.branch_hint', hint)
  const made = instrument(hints, '--every', '1')
  const body = code(made).subarray(2)
  const [, , moved] = sections(made).find(([, name]) =>
    name?.startsWith('metadata')
  )
  assert.deepEqual([...moved], [1, 0, 1, 5 + pollAt1024.length, 1, 1])
  assert.equal(body[moved[3]], 0x0d, 'a br_if')
  const broken = withCustom(bytes, 'metadata.code.branch_hint', [9, 9])
  assert.match(tryInstrument(broken).stderr, /left out: .*branch_hint/)
})

// ------------------------------------------------------------------- files

const source = wat(`(module ${OWN} ${LOOP})`)
const isRoot = process.getuid() === 0

test('a new file has the default mode, a replaced one its old mode', (t) => {
  const path = folder(t)
  const [input, out] = [join(path, 'in.wasm'), join(path, 'out.wasm')]
  writeFileSync(input, source)
  const mode = () => statSync(out).mode & 0o7777
  assert.equal(command(['instrument', input, '-o', out]).status, 0)
  assert.equal(mode(), 0o666 & ~process.umask())
  chmodSync(out, 0o640)
  assert.equal(command(['instrument', input, '-o', out]).status, 0)
  assert.equal(mode(), 0o640)
  assert.deepEqual(readFileSync(out), instrument(source))
  assert.deepEqual(readdirSync(path).sort(), ['in.wasm', 'out.wasm'])
})

test('a replaced file keeps its owner', { skip: !isRoot }, (t) => {
  const out = join(folder(t), 'out.wasm')
  writeFileSync(out, 'old')
  chownSync(out, 1234, 5678)
  chmodSync(out, 0o4750)
  const made = command(['instrument', '-', '-o', out], { input: source })
  assert.deepEqual([made.status, otherMessages(made.stderr)], [0, ''])
  const { uid, gid, mode } = statSync(out)
  assert.deepEqual([uid, gid, mode & 0o7777], [1234, 5678, 0o4750])
})

test('set-ID bits stay only if owner and group do', { skip: !isRoot }, (t) => {
  const path = folder(t)
  const out = join(path, 'out.wasm')
  chmodSync(path, 0o777)
  const made = (owner, group) => {
    writeFileSync(out, 'old')
    chownSync(out, owner, group)
    chmodSync(out, 0o6777)
    const options = { input: source, uid: 1234, gid: 5678 }
    const { status } = command(['instrument', '-', '-o', out], options)
    assert.equal(status, 0)
    const { uid, gid, mode } = statSync(out)
    return [uid, gid, mode & 0o7777]
  }
  assert.deepEqual(made(1234, 5678), [1234, 5678, 0o6777])
  assert.deepEqual(made(4321, 5678), [1234, 5678, 0o2777])
  assert.deepEqual(made(4321, 8765), [1234, 5678, 0o777])
})

test('another hard link keeps the old contents', (t) => {
  const path = folder(t)
  const [out, other] = [join(path, 'out.wasm'), join(path, 'other.wasm')]
  writeFileSync(out, 'old')
  linkSync(out, other)
  command(['instrument', '-', '-o', out], { input: source })
  assert.deepEqual(readFileSync(out), instrument(source))
  assert.equal(readFileSync(other, 'utf8'), 'old')
})

test('a folder in which no file can be created is reported', (t) => {
  const path = folder(t)
  const out = join(path, 'out.wasm')
  writeFileSync(out, 'old')
  chmodSync(out, 0o666)
  chmodSync(path, 0o555)
  const { status, stderr } = command(['instrument', '-', '-o', out], {
    input: source,
    ...(isRoot && { uid: 65534, gid: 65534 })
  })
  chmodSync(path, 0o755)
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^wasmsig: .*out.wasm: no file can be created in its folder: Perm.*\n$/
  )
  assert.equal(readFileSync(out, 'utf8'), 'old')
})

/** Sends the signal when the output's folder changes; how the command ended. */
async function signalled(t, signal, input, file) {
  const { child, ended } = start(t, ['instrument', input, '-o', file], 'ignore')
  const watcher = watch(dirname(file), () => child.kill(signal))
  const { signal: by } = await ended
  watcher.close()
  return by
}

const MOST_RUNS = 20

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  test(`${signal} during the write leaves no partial file`, async (t) => {
    const path = folder(t)
    const input = join(path, 'in.wasm')
    const out = join(path, 'out')
    const file = join(out, 'out.wasm')
    mkdirSync(out)
    writeFileSync(input, withCustom(source, 'long', Buffer.alloc(2 ** 27)))
    // On a busy machine the signal may come when the write has ended.
    let by = await signalled(t, signal, input, file)
    for (let i = 1; i < MOST_RUNS && by === null; i++) {
      rmSync(file)
      by = await signalled(t, signal, input, file)
    }
    assert.equal(by, signal)
    assert.deepEqual(
      readdirSync(out).filter((name) => name !== 'out.wasm'),
      []
    )
  })

test('the output may replace the input', (t) => {
  const path = folder(t)
  const file = join(path, 'a.wasm')
  const link = join(path, 'link.wasm')
  writeFileSync(file, source)
  symlinkSync('a.wasm', link)
  const { status, stdout, stderr } = command(['instrument', link, '-o', link])
  assert.deepEqual([status, stdout, otherMessages(stderr)], [0, '', ''])
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.deepEqual(readFileSync(file), instrument(source))
})

test('a link to a missing file creates that file', (t) => {
  const path = folder(t)
  const link = join(path, 'link.wasm')
  symlinkSync('new.wasm', link)
  const made = command(['instrument', '-', '-o', link], { input: source })
  assert.deepEqual([made.status, otherMessages(made.stderr)], [0, ''])
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.deepEqual(readFileSync(join(path, 'new.wasm')), instrument(source))
})

test('an output that cannot be written is reported and leaves no file', (t) => {
  const path = folder(t)
  const out = join(path, 'none/out.wasm')
  const missing = command(['instrument', '-', '-o', out], { input: source })
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /^wasmsig: .*out.wasm: No such file or dir.*\n$/)
  const full = command(['instrument', '-', '-o', '/dev/full'], {
    input: source
  })
  assert.equal(full.status, 1)
  assert.match(full.stderr, /^wasmsig: \/dev\/full: No space left on .*\n$/)
  const old = join(path, 'old.wasm')
  writeFileSync(old, 'unchanged')
  const limited = spawnSync(
    'bash',
    ['-c', 'ulimit -f 0; exec "$0" instrument - -o "$1"', COMMAND, old],
    { input: source, encoding: 'utf8' }
  )
  assert.equal(limited.status, 1)
  assert.match(limited.stderr, /^wasmsig: .*old.wasm: File too large\n$/)
  assert.equal(readFileSync(old, 'utf8'), 'unchanged')
  assert.deepEqual(readdirSync(path), ['old.wasm'])
})

test('--verbose prints the number of polls and the place of the words', () => {
  const made = tryInstrument(source, '--verbose')
  assert.equal(
    made.stderr,
    'wasmsig: -: 1 poll, 1 loop, words of its own: it exports __instance_signal\n'
  )
})

const POLL = `(func (export "poll")
  (loop (drop (i32.atomic.load (i32.const 1024))) (br 0)))`
const DELIVER = `(global (export "__instance_signal_pending") i32 (i32.const 8))
  (func (export "__instance_signal_deliver"))`

test('a module that takes SIGKILL only is reported', () => {
  const takesKillOnly = (text) => {
    const { status, stderr, ...made } = tryInstrument(wat(`(module ${text})`))
    assert.deepEqual([status, stderr], [0, ''])
    return made.takesKillOnly
  }
  assert.ok(takesKillOnly(OWN + LOOP))
  assert.ok(!takesKillOnly(OWN + LOOP + POLL))
  assert.ok(!takesKillOnly(OWN + LOOP + DELIVER))
})

// ------------------------------------------------------------------- usage

const usage = {
  'no file': [['-o', 'x'], /IN.wasm or a folder is missing/],
  'two files': [['a', 'b', '-o', 'x'], /'b' is another/],
  'no -o': [['a'], /-o OUT is missing/],
  '--words of an unknown place': [
    ['a', '-o', 'x', '--words', 'null-area,heap'],
    /'heap' is none of auto, own, null-area, page, memory/
  ],
  '--words ""': [['a', '-o', 'x', '--words', ''], /'' is none of auto/],
  '--words with a comma too many': [
    ['a', '-o', 'x', '--words', 'page,'],
    /'' is none of auto/
  ],
  '--every 0': [['a', '-o', 'x', '--every', '0'], /'0' is no number from 1 to/],
  '--every 1000001': [['a', '-o', 'x', '--every=1000001'], /no number from 1/],
  '--every 4294967297': [['a', '-o', 'x', '--every=4294967297'], /no number/],
  '--every -1': [['a', '-o', 'x', '--every=-1'], /no number/],
  '--every 1x': [['a', '-o', 'x', '--every', '1x'], /no number/],
  '--every ""': [['a', '-o', 'x', '--every', ''], /no number/],
  '--every alone': [['a', '-o', 'x', '--every'], /--every needs a value/],
  '--for x': [['a', '-o', 'x', '--for', 'x'], /'x' is not any, jsc, v8 or/],
  '--some': [['a', '-o', 'x', '--some'], /there is no option '--some'/]
}
for (const [what, [args, why]] of Object.entries(usage))
  test(`${what} is wrong usage`, () => {
    const { status, stdout, stderr } = command(['instrument', ...args])
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^wasmsig instrument: [^\n]+\n$/)
    assert.match(stderr, why)
  })

test('--help prints the help', () => {
  const { status, stdout } = command(['instrument', '--help'])
  assert.equal(status, 0)
  assert.match(stdout, /^Usage: wasmsig instrument /)
  assert.equal(command(['help', 'instrument']).stdout, stdout)
})

// ------------------------------------------------------- manual, completion

const file = (name) =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const optionsIn = (text) => [...new Set(text.match(/--[a-z][a-z-]+/g))].sort()

test('the manual page and bash have every option of the help', () => {
  const help = optionsIn(command(['instrument', '--help']).stdout)
  const manual = optionsIn(file('docs/man/wasmsig.1').replaceAll(' -', ' --'))
  for (const option of help) assert.ok(manual.includes(option), option)
  const script = `source "$0"; COMP_WORDS=(wasmsig instrument --); COMP_CWORD=2
    _wasmsig; printf '%s\n' "\${COMPREPLY[@]}"`
  const path = new URL('../../cli/completion/wasmsig.bash', import.meta.url)
  const { stdout } = spawnSync('bash', ['-c', script, path.pathname], {
    encoding: 'utf8'
  })
  assert.deepEqual(stdout.split('\n').filter(Boolean).sort(), help)
})
