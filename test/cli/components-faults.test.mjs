// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig run` with components that are damaged, fail at the end, fill pipes or
// stacks, or want more than there is.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { COMMAND, command, folder, run } from './support/command.mjs'
import {
  commandText,
  componentFile,
  noRust,
  rustComponent
} from './support/components.mjs'
import { assemble, noAssembler } from './support/instrument.mjs'

const written = { skip: noAssembler }

const runText = (t, text, ...options) =>
  run('wasmtime', [...options, componentFile(t, text)])

// ------------------------------------------------------------------ damaged

/** Runs bytes that are hardly a component; it must not crash. */
function runDamaged(file, bytes, what) {
  writeFileSync(file, bytes)
  const limits = ['--no-cache', '--cpu-hard', '5s', '--cpu-compile', '5s']
  const ended = run('wasmtime', [...limits, file])
  assert.equal(ended.signal, null, `${what}: ${ended.stderr}`)
  return ended
}

test('a component that is cut off anywhere is refused', written, (t) => {
  const bytes = assemble(
    commandText('(call $exit (i32.const 0)) (i32.const 0)')
  )
  const file = join(folder(t), 'component.wasm')
  const step = Math.ceil(bytes.length / 30)
  for (let length = 0; length < bytes.length; length += step) {
    const what = `${length} of ${bytes.length} bytes`
    const { status, stderr } = runDamaged(file, bytes.subarray(0, length), what)
    assert.equal(status, 1, what)
    assert.match(stderr, /^wasmsig: [^\n]+\n$/, what)
  }
})

// What can follow: it is refused, or it runs, returns and traps as before.
const ENDINGS = [0, 1, 134]

test(
  'a component with a changed byte does not crash the command',
  written,
  (t) => {
    const bytes = assemble(commandText('(i32.const 0)'))
    const file = join(folder(t), 'component.wasm')
    const step = Math.ceil(bytes.length / 60)
    for (let at = 8; at < bytes.length; at += step) {
      const changed = Buffer.from(bytes)
      changed[at] ^= 0x41
      const what = `byte ${at} of ${bytes.length}`
      const { status } = runDamaged(file, changed, what)
      assert.ok(ENDINGS.includes(status), `${what}: status ${status}`)
    }
  }
)

test('other commands say that it is a component', written, (t) => {
  const file = componentFile(t, commandText('(i32.const 0)'))
  const output = join(folder(t), 'output.wasm')
  for (const args of [
    ['inspect', file],
    ['instrument', file, '-o', output]
  ]) {
    const { status, stderr } = command(args)
    assert.match(stderr, /it is a component/)
    assert.equal(status, 1)
  }
})

// ------------------------------------------------------------------ imports

test('a function of another type is named', written, (t) => {
  const imports = `(import "wasi:random/random@0.2.0" (instance
    (export "get-random-u64" (func (result string)))))`
  const text = commandText('(i32.const 0)', { imports })
  const { status, stderr } = runText(t, text)
  assert.match(stderr, /wasi:random\/random@0\.2\.0[^\n]*get-random-u64/)
  assert.equal(status, 1)
})

test('a command of WASI 0.3 is refused with its version', written, (t) => {
  const text = commandText('(i32.const 0)').replaceAll(
    '"wasi:cli/run@0.2.0"',
    '"wasi:cli/run@0.3.0"'
  )
  const { status, stderr } = runText(t, text)
  assert.match(
    stderr,
    /it is a command of WASI 0\.3, and only 0\.2 is supported/
  )
  assert.equal(status, 1)
})

test('any version of 0.2 is accepted', written, (t) => {
  for (const version of ['0.2.1', '0.2.6']) {
    const code = '(call $exit (i32.const 1)) unreachable'
    const text = commandText(code).replaceAll('@0.2.0', `@${version}`)
    assert.equal(runText(t, text).status, 1)
  }
})

// ---------------------------------------------------------------- at the end

// A command whose function has `code` to do after its result is read.
const withPostReturn = (code) =>
  commandText('(i32.const 0)', {
    core: `(func (export "after") (param i32) ${code})`
  }).replace(
    '(canon lift (core func $core "run"))',
    '(canon lift (core func $core "run") (post-return (core func $core "after")))'
  )

test('a component may not call its host after its result', written, (t) => {
  const text = withPostReturn('(call $exit-with-code (i32.const 6))')
  const { status, stderr } = runText(t, text)
  assert.match(stderr, /trap: cannot leave component instance/)
  assert.equal(status, 134)
})

test('a component traps after its result', written, (t) => {
  const { status, stderr } = runText(t, withPostReturn('unreachable'))
  assert.match(stderr, /trap: wasm `unreachable` instruction executed/)
  assert.equal(status, 134)
})

test('limits stop a component after its result', written, (t) => {
  const text = withPostReturn('(loop (br 0))')
  assert.equal(runText(t, text, '--cpu-hard', '50ms').status, 152)
  assert.equal(runText(t, text, '--wall', '200ms').status, 124)
  assert.equal(runText(t, text, '--cpu-soft', '50ms').signal, 'SIGXCPU')
})

// ---------------------------------------------------------- what it may have

test('a stack that overflows is a trap', written, (t) => {
  const core = '(func $deep (call $deep) (call $deep))'
  const text = commandText('(call $deep) (i32.const 0)', { core })
  const { status, stderr } = runText(t, text)
  assert.match(stderr, /trap: .*stack/)
  assert.equal(status, 134)
})

// Grows its memory page by page, up to 100 pages; the status is its size.
const GROWS = `(local $left i32) (local.set $left (i32.const 100))
  (loop $again
    (drop (memory.grow (i32.const 1)))
    (br_if $again
      (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (call $exit-with-code (memory.size)) unreachable`

test('--max-memory ends what memory.grow can do', written, (t) => {
  const text = commandText(GROWS, { core: '(memory 1)' })
  assert.equal(runText(t, text, '--max-memory', '1MiB').status, 16)
  assert.equal(runText(t, text).status, 101)
})

test('a component can come from standard input', written, (t) => {
  const code = '(call $exit-with-code (i32.const 7)) unreachable'
  const input = readFileSync(componentFile(t, commandText(code)))
  assert.equal(run('wasmtime', ['-'], { input }).status, 7)
})

test(
  '--wall ends a component whose output nobody reads',
  { skip: noRust },
  async (t) => {
    const reader = spawn('sleep', ['1000'], { stdio: ['pipe', 'ignore', 2] })
    t.after(() => reader.kill())
    const input = spawn('yes', { stdio: ['ignore', 'pipe', 'ignore'] })
    t.after(() => input.kill())
    const program = rustComponent('wasip2')
    const child = spawn(COMMAND, ['run', '--wall', '1s', program, 'copy'], {
      stdio: [input.stdout, reader.stdin, 'ignore']
    })
    const [status] = await once(child, 'exit')
    assert.equal(status, 124)
  }
)
