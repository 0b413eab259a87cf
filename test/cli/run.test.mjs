// SPDX-License-Identifier: Apache-2.0 OR MIT
// A WASI program has arguments, environment, folders and streams. The command
// ends as the program does.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import initialise from 'wabt'

import {
  COMMAND,
  ENGINES,
  folder,
  guest,
  noAddressSpace,
  run
} from './support/command.mjs'

const plain = guest('plain')
const wabt = await initialise()

/** A program that does nothing, with a start function. */
function assemble(body) {
  const text = `(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write"
      (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
    (data (i32.const 16) "hi")
    (func $write (drop (call $fd_write
      (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))))
    (func $start ${body})
    (start $start)
    (func (export "_start")))`
  return wabt.parseWat('start.wat', text).toBinary({}).buffer
}

for (const engine of ENGINES) {
  const program = (args, options) => run(engine, args, options)

  test(`${engine}: arguments are passed on unchanged`, () => {
    const { stdout } = program([plain, 'arguments', '--stats', '', 'ä b'])
    assert.equal(stdout, '--stats\n\nä b\n')
  })

  test(`${engine}: the environment has the variables of --env only`, () => {
    const env = { ...process.env, OURS: 'ours' }
    const of = (...args) => program(args, { env }).stdout
    assert.equal(of('--env', 'X=a=b', plain, 'environment', 'X'), 'a=b\n')
    assert.equal(of('--env', 'OURS', plain, 'environment', 'OURS'), 'ours\n')
    assert.equal(of(plain, 'environment', 'OURS'), '(not set)\n')
    const several = ['--env', 'X=1', '--env', 'XY=2', '--env', 'X=3']
    assert.equal(of(...several, plain, 'environment', 'X'), '3\n')
    assert.equal(of('--env', 'X=', plain, 'environment', 'X'), '\n')
  })

  test(`${engine}: a folder has the name of --dir`, (t) => {
    const path = folder(t)
    writeFileSync(join(path, 'in.txt'), 'one\ntwo\n')
    const dir = ['--dir', `${path}::/data`]
    const { stdout } = program([...dir, plain, 'print', '/data/in.txt'])
    assert.equal(stdout, 'one\ntwo\n')
    assert.equal(program([...dir, plain, 'write', '/data/out.txt']).status, 0)
    assert.equal(readFileSync(join(path, 'out.txt'), 'utf8'), 'written\n')
  })

  test(`${engine}: a file outside the folders cannot be opened`, (t) => {
    const path = folder(t)
    writeFileSync(join(path, 'in.txt'), 'one\n')
    const { status, stdout } = program([plain, 'print', join(path, 'in.txt')])
    assert.equal(status, 1)
    assert.match(stdout, /cannot open/)
  })

  test(`${engine}: standard input is read to its end`, () => {
    const input = 'x'.repeat(300_000)
    assert.equal(program([plain, 'copy'], { input }).stdout, input)
  })

  test(`${engine}: standard input may be a file or /dev/null`, (t) => {
    const path = join(folder(t), 'in.txt')
    writeFileSync(path, 'from a file')
    const stdio = [openSync(path), 'pipe', 'pipe']
    assert.equal(program([plain, 'copy'], { stdio }).stdout, 'from a file')
    closeSync(stdio[0])
    assert.equal(program([plain, 'copy'], { stdio: 'ignore' }).status, 0)
  })

  test(`${engine}: a file may get the descriptor of standard output`, (t) => {
    const path = folder(t)
    const dir = ['--dir', `${path}::/`]
    const { status, stdout } = program([...dir, plain, 'reuse', '/out.txt'])
    assert.equal(status, 0)
    assert.equal(stdout, '')
    assert.equal(readFileSync(join(path, 'out.txt'), 'utf8'), 'into the file\n')
  })

  test(`${engine}: a closed stream is closed for the program too`, () => {
    const streams = (redirections) =>
      spawnSync('sh', [
        '-c',
        `exec "$0" run --engine "$1" --dir . "$2" streams ${redirections}`,
        ...[COMMAND, engine, plain]
      ]).status
    assert.equal(streams('</dev/null'), 0)
    assert.equal(streams('<&-'), 1)
    assert.equal(streams('</dev/null >&-'), 2)
    assert.equal(streams('</dev/null 2>&-'), 4)
    assert.equal(streams('<&- >&- 2>&-'), 7)
  })

  test(`${engine}: a poll of input and a file loses no input`, (t) => {
    const path = folder(t)
    writeFileSync(join(path, 'file'), '')
    const dir = ['--dir', `${path}::/`]
    const input = 'hello-input\n'
    const { stdout } = program([...dir, plain, 'poll-file', '/file'], { input })
    assert.equal(stdout, '12\n')
  })

  test(`${engine}: a poll of 1000 clocks works`, () => {
    // Fewer where the last ones begin after the first ones are over.
    const count = Number(program([plain, 'poll-many']).stdout)
    assert.ok(count >= 1 && count <= 1000, `${count}`)
  })

  // The module's start function runs before _start.
  const started = (t, body) => {
    const path = join(folder(t), 'start.wasm')
    writeFileSync(path, assemble(body))
    return program([path])
  }

  test(`${engine}: a start function may write, exit and trap`, (t) => {
    const written = started(t, '(call $write)')
    assert.equal(written.stdout, 'hi')
    assert.equal(written.status, 0)
    assert.equal(started(t, '(call $exit (i32.const 130))').status, 130)
    const trapped = started(t, '(unreachable)')
    assert.equal(trapped.status, 134)
    assert.match(trapped.stderr, /trap: .*unreachable/)
  })

  // Limits, and the exit status: 1 if refused; the program itself exits with 6.
  const limits = {
    '-v 1000000': { wasmtime: 1, wamr: 1, skip: noAddressSpace },
    '-d 1024': { wasmtime: 1, wamr: 1, skip: noAddressSpace },
    '-d 16384': { wasmtime: 1, wamr: 6, skip: noAddressSpace },
    '-n 8': { wasmtime: 1, wamr: 6 },
    '-f 0': { wasmtime: 6, wamr: 6 }
  }
  for (const [limit, { skip, ...expected }] of Object.entries(limits)) {
    test(
      `${engine}: ulimit ${limit} gives a message or no failure`,
      { skip },
      () => {
        const { status, stdout, stderr } = spawnSync(
          'sh',
          [
            '-c',
            `ulimit ${limit}
           exec "$0" run --engine "$1" --cpu-hard 9s --dir / "$2" exit 6`,
            ...[COMMAND, engine, plain]
          ],
          { encoding: 'utf8' }
        )
        if (expected[engine] === 1) {
          assert.match(stderr, /^wasmsig: .*plain\.wasm: [^\n]*\n$/m)
          assert.doesNotMatch(stderr, /panicked/)
        } else {
          assert.equal(stderr, '')
        }
        assert.equal(stdout, '')
        assert.equal(status, expected[engine])
      }
    )
  }

  test(`${engine}: the exit status is that of the program`, () => {
    for (const status of [0, 1, 77, 125, 126, 130, 152, 255]) {
      assert.equal(program([plain, 'exit', String(status)]).status, status)
    }
    assert.equal(program([plain, 'exit', '256']).status, 0)
    assert.equal(program([plain, 'exit', '-1']).status, 255)
  })

  test(`${engine}: a trap is status 134, and one line names the place`, () => {
    const { status, stderr } = program([plain, 'trap'])
    assert.equal(status, 134)
    assert.match(stderr, /^wasmsig: .*: trap: .*unreachable.* of CPU\n$/)
  })

  test(`${engine}: control characters in names of the module are escaped`, (t) => {
    const path = join(folder(t), 'named.wasm')
    const text = `(module (memory (export "memory") 1)
      (func $ZZZZZ (export "_start") (unreachable)))`
    const module = wabt.parseWat('named.wat', text)
    const { buffer } = module.toBinary({ write_debug_names: true })
    const bytes = Buffer.from(buffer)
    const name = Buffer.from('\u009b2J')
    name.copy(bytes, bytes.indexOf('ZZZZZ'))
    Buffer.from('Z'.repeat(5 - name.length)).copy(
      bytes,
      bytes.indexOf(name) + name.length
    )
    writeFileSync(path, bytes)
    const { stderr } = program([path])
    assert.match(stderr, /^wasmsig: .*: trap: .*\n$/)
    assert.doesNotMatch(stderr, /[\u0000-\u0009\u007f-\u009f\ufffd]/)
  })

  // A stack of 64 KiB is too small for Wasmtime, and enough for WAMR.
  for (const limit of [64, 100, 200, 512, 600, 'unlimited']) {
    test(`${engine}: a stack overflow is a trap, with ulimit -s ${limit}`, () => {
      const { status, stderr } = spawnSync(
        'sh',
        [
          '-c',
          'ulimit -s "$3"; exec "$0" run --engine "$1" "$2" recurse',
          ...[COMMAND, engine, plain, String(limit)]
        ],
        { encoding: 'utf8' }
      )
      const refused = limit === 64 && engine === 'wasmtime'
      assert.match(
        stderr,
        refused ? /: the stack limit is too small/ : /: trap: .*/
      )
      assert.match(stderr, /^[^\n]*\n$/)
      assert.doesNotMatch(stderr, /0xffffffff/)
      assert.equal(status, refused ? 1 : 134)
    })
  }

  test(`${engine}: relative and absolute sleeps take their time`, () => {
    const begun = Date.now()
    assert.equal(program([plain, 'sleep']).status, 0)
    assert.ok(Date.now() - begun >= 50)
    const late = Number(program([plain, 'until']).stdout)
    assert.ok(late >= 0, `${late} us late`)
  })
}
