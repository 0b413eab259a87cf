// SPDX-License-Identifier: Apache-2.0 OR MIT
// `wasmsig run` with components: commands of WASI 0.2, in Wasmtime.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'

import { command, folder, run, startIn } from './support/command.mjs'
import {
  commandText,
  componentFile,
  noRust,
  rustComponent
} from './support/components.mjs'
import { noAssembler } from './support/instrument.mjs'

/** Runs a component from its text. */
const runText = (t, text, ...options) =>
  run('wasmtime', [...options, componentFile(t, text)])

const written = { skip: noAssembler }

// -------------------------------------------------------------- exit status

const endings = {
  'returns ok': ['(i32.const 0)', 0],
  'returns an error': ['(i32.const 1)', 1],
  'exits with ok': ['(call $exit (i32.const 0)) unreachable', 0],
  'exits with an error': ['(call $exit (i32.const 1)) unreachable', 1],
  'exits with a code': ['(call $exit-with-code (i32.const 7)) unreachable', 7]
}
for (const [what, [code, expected]] of Object.entries(endings))
  test(`the status of a component that ${what}`, written, (t) => {
    const { status, stderr } = runText(t, commandText(code))
    assert.deepEqual([status, stderr], [expected, ''])
  })

test('a component that exits in its start function', written, (t) => {
  const core = `(func $start (call $exit-with-code (i32.const 9)))
    (start $start)`
  const { status, stderr } = runText(t, commandText('(i32.const 0)', { core }))
  assert.deepEqual([status, stderr], [9, ''])
})

// A resource whose destructor does `code`; run makes and drops one.
const withDestructor = (code) => `(component
  (import "wasi:cli/exit@0.2.0" (instance $exit
    (export "exit-with-code" (func (param "status-code" u8)))))
  (core func $exit-with-code (canon lower (func $exit "exit-with-code")))
  (core module $destructor
    (import "" "exit-with-code" (func $exit-with-code (param i32)))
    (func (export "destroy") (param i32) ${code}))
  (core instance $destructor (instantiate $destructor
    (with "" (instance (export "exit-with-code" (func $exit-with-code))))))
  (type $thing (resource (rep i32)
    (dtor (core func $destructor "destroy"))))
  (core func $new (canon resource.new $thing))
  (core func $drop (canon resource.drop $thing))
  (core module $module
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "run") (result i32)
      (call $drop (call $new (i32.const 5)))
      (i32.const 0)))
  (core instance $core (instantiate $module (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop))))))
  (func $run (result (result)) (canon lift (core func $core "run")))
  (instance $api (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $api)))`

test('a component that exits in a destructor', written, (t) => {
  const text = withDestructor('(call $exit-with-code (i32.const 3))')
  const { status, stderr } = runText(t, text)
  assert.deepEqual([status, stderr], [3, ''])
})

// -------------------------------------------------------------------- traps

const TRAP =
  /^wasmsig: .*component\.wasm: trap: wasm `unreachable` instruction executed in function /

test('a component that traps', written, (t) => {
  const { status, stderr } = runText(t, commandText('unreachable'))
  assert.match(stderr, TRAP)
  assert.equal(status, 134)
})

test('a component that traps in its start function', written, (t) => {
  const core = '(func $start unreachable) (start $start)'
  const { status, stderr } = runText(t, commandText('(i32.const 0)', { core }))
  assert.match(stderr, TRAP)
  assert.equal(status, 134)
})

test('a component that traps in a destructor', written, (t) => {
  const { status, stderr } = runText(t, withDestructor('unreachable'))
  assert.match(stderr, TRAP)
  assert.equal(status, 134)
})

test('a component whose result is none of wasi:cli/run', written, (t) => {
  const { status, stderr } = runText(t, commandText('(i32.const 2)'))
  assert.match(stderr, /component\.wasm: trap: /)
  assert.equal(status, 134)
})

// ---------------------------------------------------------- what is refused

test('an import that does not exist is named', written, (t) => {
  const imports = `(import "acme:shop/cart@1.0.0" (instance
    (export "add" (func))))`
  const text = commandText('(i32.const 0)', { imports })
  const { status, stderr } = runText(t, text)
  assert.match(
    stderr,
    /^wasmsig: .*component\.wasm: [^\n]*acme:shop\/cart@1\.0\.0/
  )
  assert.equal(status, 1)
})

test('a function that does not exist is named', written, (t) => {
  const imports = `(import "wasi:random/random@0.2.0" (instance
    (export "get-dice" (func))))`
  const text = commandText('(i32.const 0)', { imports })
  const { status, stderr } = runText(t, text)
  assert.match(stderr, /wasi:random\/random@0\.2\.0[^\n]*get-dice/)
  assert.equal(status, 1)
})

test('a component that is no command is refused', written, (t) => {
  const server = `(component (instance $api)
    (export "wasi:http/incoming-handler@0.2.0" (instance $api)))`
  for (const [text, says] of [
    ['(component)', /it exports no wasi:cli\/run of version 0\.2/],
    [server, /it is a server \(it exports wasi:http\/incoming-handler\)/]
  ]) {
    const { status, stderr } = runText(t, text)
    assert.match(stderr, says)
    assert.equal(status, 1)
  }
})

test('wamr runs no component, and says which engine does', written, (t) => {
  const file = componentFile(t, commandText('(i32.const 0)'))
  const { status, stderr } = run('wamr', [file])
  assert.match(stderr, /it is a component .*--engine wasmtime/)
  assert.equal(status, 1)
})

test('a damaged component is refused', written, (t) => {
  const file = componentFile(t, commandText('(i32.const 0)'))
  writeFileSync(file, readFileSync(file).subarray(0, -20))
  const { status, stderr } = run('wasmtime', [file])
  assert.match(stderr, /^wasmsig: .*component\.wasm: [^\n]+\n$/)
  assert.equal(status, 1)
})

// ------------------------------------------------------------------- limits

const SPIN = '(loop (br 0)) unreachable'
const spinsInStart = commandText('(i32.const 0)', {
  core: `(func $start ${SPIN}) (start $start)`
})

for (const [where, text] of Object.entries({
  'in a loop': commandText(SPIN),
  'in its start function': spinsInStart,
  'in a destructor': withDestructor(SPIN)
})) {
  test(`--cpu-hard stops a component ${where}`, written, (t) => {
    const { status, stderr } = runText(t, text, '--cpu-hard', '50ms')
    assert.match(stderr, /component\.wasm: stopped at its CPU limit after /)
    assert.equal(status, 152)
  })

  test(`--wall stops a component ${where}`, written, (t) => {
    const { status, stderr } = runText(t, text, '--wall', '200ms')
    assert.match(stderr, /component\.wasm: stopped at its wall-clock limit /)
    assert.equal(status, 124)
  })
}

test('--cpu-compile stops the compiler of a component', written, (t) => {
  const adds = '(i32.const 1) (i32.add)'.repeat(2000)
  const core = Array.from(
    { length: 40 },
    (_, i) => `(func (param i32) (result i32) (local.get 0) ${adds}
      (i32.const ${i}) (i32.xor))`
  ).join('\n')
  const text = commandText('(i32.const 0)', { core })
  const options = ['--no-cache', '--cpu-compile', '1ms']
  const { status, stderr } = runText(t, text, ...options)
  assert.match(stderr, /stopped at its CPU limit while it was compiled/)
  assert.equal(status, 152)
})

test('the soft limit ends a component that takes no signals', written, (t) => {
  const { signal, stderr } = runText(t, commandText(SPIN), '--cpu-soft', '50ms')
  assert.match(stderr, /component\.wasm: ended by SIGXCPU after /)
  assert.equal(signal, 'SIGXCPU')
})

test(
  '--signal ends it too, unless its default action is none',
  written,
  (t) => {
    const limits = ['--cpu-soft', '50ms', '--cpu-hard', '100ms', '--signal']
    const text = commandText(SPIN)
    assert.equal(runText(t, text, ...limits, 'USR1').signal, 'SIGUSR1')
    assert.equal(runText(t, text, ...limits, 'WINCH').status, 152)
  }
)

test('a memory above --max-memory from the start is refused', written, (t) => {
  const text = commandText('(i32.const 0)', { core: '(memory 20)' })
  assert.equal(runText(t, text, '--max-memory', '2MiB').status, 0)
  const { status, stderr } = runText(t, text, '--max-memory', '1MiB')
  assert.match(stderr, /memory/)
  assert.equal(status, 1)
})

test('--stats of a component', written, (t) => {
  const file = componentFile(t, commandText('(i32.const 0)'))
  const { stderr } = run('wasmtime', ['--stats=json', file])
  const facts = JSON.parse(stderr)
  assert.deepEqual(
    [facts.engine, facts.ended, facts.status, facts.guest_memory_bytes],
    ['wasmtime', 'exit', 0, null]
  )
  assert.match(run('wasmtime', ['--stats', file]).stderr, /memory {3}unknown\n/)
})

// ------------------------------------------------------------------ signals

const takes = `
  (import "wasmsig:signals/signals@0.1.0" (instance $signals
    (export "take" (func (param "handled" u64) (result u64)))))
  (core func $take (canon lower (func $signals "take")))`

/** A command that imports take, which is called with the set `handled`. */
const receiver = (handled, code) =>
  commandText(code, {
    imports: takes,
    core: `(import "" "take" (func $import (param i64) (result i64)))
      (func $take (result i64) (call $import (i64.const ${handled})))`,
    and: '(export "take" (func $take))'
  })

// Its exit status is the lowest signal that it receives.
const UNTIL_SIGNALLED = `(local $set i64)
  (loop $again
    (br_if $again (i64.eqz (local.tee $set (call $take)))))
  (call $exit-with-code (i32.add (i32.const 1)
    (i32.wrap_i64 (i64.ctz (local.get $set)))))
  unreachable`

const ALL = -1

test('a component receives the signal of the soft limit', written, (t) => {
  const soft = ['--cpu-soft', '20ms']
  const text = receiver(ALL, UNTIL_SIGNALLED)
  assert.equal(runText(t, text, ...soft).status, 24)
  assert.equal(runText(t, text, ...soft, '--signal', 'USR2').status, 12)
})

test('--stats counts what a component takes', written, (t) => {
  const options = ['--cpu-soft', '20ms', '--stats=json']
  const { stderr } = runText(t, receiver(ALL, UNTIL_SIGNALLED), ...options)
  const [{ signal, sent, acknowledged }] = JSON.parse(stderr).signals
  assert.deepEqual([signal, sent, acknowledged], ['SIGXCPU', 1, 1])
})

test('take empties the set', written, (t) => {
  const text = receiver(
    ALL,
    `(loop $again (br_if $again (i64.eqz (call $take))))
     (call $exit-with-code (i32.wrap_i64 (call $take)))
     unreachable`
  )
  assert.equal(runText(t, text, '--cpu-soft', '20ms').status, 0)
})

test('the hard limit stops a component that takes signals', written, (t) => {
  const text = receiver(ALL, `(loop (drop (call $take)) (br 0)) unreachable`)
  const limits = ['--cpu-soft', '20ms', '--cpu-hard', '60ms']
  assert.equal(runText(t, text, ...limits).status, 152)
})

test('take with another type is a trap with its type', written, (t) => {
  const text = receiver(ALL, '(drop (call $take)) (i32.const 0)')
  const { status, stderr } = runText(t, text.replaceAll('u64', 's64'))
  assert.match(stderr, /trap: .*it is func\(handled: u64\) -> u64/)
  assert.equal(status, 134)
})

test('take with another result is a trap', written, (t) => {
  const text = receiver(ALL, '(drop (call $take)) (i32.const 0)')
  const { status, stderr } = runText(
    t,
    text.replace('(result u64)', '(result s64)')
  )
  assert.match(stderr, /trap: type mismatch: expected s64, found u64/)
  assert.equal(status, 134)
})

test('a later patch of wasmsig:signals is accepted, no other', written, (t) => {
  const text = receiver(ALL, '(drop (call $take)) (i32.const 0)')
  const as = (version) => runText(t, text.replace('@0.1.0', `@${version}`))
  assert.equal(as('0.1.7').status, 0)
  const { status, stderr } = as('0.2.0')
  assert.match(stderr, /imports [^\n]*wasmsig:signals\/signals@0\.2\.0/)
  assert.equal(status, 1)
})

// ----------------------------------------------------------- compiled files

test('a compiled component runs as the component does', written, (t) => {
  const code = '(call $exit-with-code (i32.const 7)) unreachable'
  const file = componentFile(t, commandText(code))
  const compiled = join(folder(t), 'component.cwasm')
  assert.equal(command(['compile', file, '-o', compiled]).status, 0)
  assert.equal(run('wasmtime', [compiled]).status, 1)
  const { status } = run('wasmtime', ['--allow-precompiled', compiled])
  assert.equal(status, 7)
})

// ---------------------------------------------------------- a program in Rust

const compiled = { skip: noRust }
const rust = noRust ? '' : rustComponent('wasip2')
const runRust = (args, options = []) =>
  run('wasmtime', [...options, rust, ...args])

test('Rust: arguments and environment', compiled, () => {
  const { stdout } = runRust(['arguments', 'a', 'b c'], ['--argv0', 'name'])
  assert.equal(stdout, 'name arguments a b c\n')
  const options = ['--env', 'ONE=1', '--env', 'TWO=zwei']
  assert.equal(runRust(['variables'], options).stdout, 'ONE=1\nTWO=zwei\n')
})

test('Rust: standard streams', compiled, () => {
  const input = 'a line\n'.repeat(100_000)
  const { stdout, status } = run('wasmtime', [rust, 'copy'], { input })
  assert.deepEqual([stdout === input, status], [true, 0])
  assert.equal(runRust(['stderr']).stderr, 'to standard error\n')
})

test('Rust: the status of process::exit is 0 or 1', compiled, () => {
  const statuses = ['0', '1', '3'].map((it) => runRust(['exit', it]).status)
  assert.deepEqual(statuses, [0, 1, 1])
})

test('Rust: folders', compiled, (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'file'), 'content')
  const dir = ['--dir', `${path}::/data`]
  assert.equal(runRust(['read', '/data/file'], dir).stdout, 'content')
  assert.equal(runRust(['write', '/data/b'], dir).stdout, 'written\n')
  assert.equal(runRust(['list', '/data'], dir).stdout, 'b file\n')
  const only = ['--dir', `${path}::/data::ro`]
  assert.equal(runRust(['read', '/data/file'], only).stdout, 'content')
  assert.equal(runRust(['write', '/data/c'], only).stdout, 'PermissionDenied\n')
  assert.equal(runRust(['list', '/data'], only).stdout, 'b file\n')
})

test('Rust: clocks and random numbers', compiled, () => {
  assert.equal(runRust(['clocks-and-random']).stdout, 'true true true\n')
})

test('Rust: a panic is a trap', compiled, () => {
  const { status, stderr } = runRust(['panic'])
  assert.match(stderr, /on request\n[^]*: trap: /)
  assert.equal(status, 134)
})

test('Rust: output before the hard limit is complete', compiled, () => {
  const limit = ['--cpu-hard', '50ms']
  const { status, stdout } = runRust(['print-and-spin'], limit)
  assert.deepEqual([status, stdout], [152, 'printed'])
})

test('Rust: --wall ends a program that waits', compiled, async (t) => {
  assert.equal(runRust(['sleep'], ['--wall', '200ms']).status, 124)
  const { ended } = startIn(t, 'wasmtime', ['--wall', '200ms', rust, 'copy'])
  assert.equal((await ended).status, 124)
})

test('Rust: memory grows to --max-memory', compiled, () => {
  const mebibytes = Number(runRust(['grow'], ['--max-memory', '16MiB']).stdout)
  assert.ok(mebibytes > 8 && mebibytes < 16, `${mebibytes}`)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  test(
    `Rust: ${signal} ends a program that takes no signals`,
    compiled,
    async (t) => {
      const { child, said, ended } = startIn(t, 'wasmtime', [
        rust,
        'print-and-spin'
      ])
      await said('printed')
      child.kill(signal)
      assert.equal((await ended).signal, signal)
    }
  )

test('Rust: the second start takes the code from the cache', compiled, (t) => {
  const env = { ...process.env, WASMSIG_CACHE: join(folder(t), 'cache') }
  const list = () => command(['cache', 'list'], { env }).stdout
  const start = () => run('wasmtime', [rust, 'exit', '0'], { env })
  assert.equal(start().status, 0)
  const kept = list()
  assert.match(kept, /wasip2\.wasm/)
  assert.equal(start().status, 0)
  assert.equal(
    list().trimEnd().split('\n').length,
    kept.trimEnd().split('\n').length
  )
})
