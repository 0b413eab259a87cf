// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The crate in one module with others that define words. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { command, folder } from '../../cli/support/command.mjs'
import { CRATE, ROOT, build, crate, tryBuild } from './support/cargo.mjs'
import { host, raise, start } from './support/guest.mjs'

const INT = 2
const XCPU = 24
const GUARD = 'wasmsig_guest_words_stand_twice__define_them_in_one_place_only'

const ways = { '': '', ' with +atomics': ' -C target-feature=+atomics' }

for (const [lto, [way, flags]] of ['false', 'fat'].flatMap((lto) =>
  Object.entries(ways).map((way) => [lto, way])
))
  describe(`beside a crate with words of its own, lto ${lto}${way}`, () => {
    const options = { lib: 'beside', profile: { lto }, flags }
    const module = new WebAssembly.Module(build(crate('beside'), options))

    test('there is one signal word and one terminated word: its', () => {
      const { exports } = start(module)
      for (const [name, address] of [
        ['__instance_signal', exports.signal_word()],
        ['__instance_terminated', exports.terminated_word()]
      ])
        assert.equal(exports[name].value, address, name)
      for (const word of ['pending', 'handled'])
        assert.ok(exports[`__instance_signal_${word}`].value % 8 === 0)
    })

    test('both receive the signal, until a poll acknowledges it', () => {
      const guest = host(start(module), { knowsSet: false })
      const { exports } = guest
      assert.equal(exports.is_registered(), 1)
      guest.setWord(XCPU)
      assert.equal(exports.is_near_cpu_limit(), 1)
      assert.equal(exports.poll_once(), XCPU)
      assert.equal(exports.is_near_cpu_limit(), 0)
    })
  })

describe('a module in which nothing polls', () => {
  const exportsOf = (features) => {
    const bytes = build(crate('quiet'), { lib: 'quiet', features })
    return Object.keys(start(new WebAssembly.Module(bytes)).exports)
  }

  test('has no words', () => {
    assert.ok(!exportsOf().includes('__instance_signal'))
  })

  for (const [features, where] of [
    ['words', 'in its own crate'],
    ['part', 'in its own crate and in one that it uses']
  ])
    test(`has them with words!() ${where}`, () => {
      const names = exportsOf(features)
      for (const word of [
        'signal',
        'signal_pending',
        'signal_handled',
        'terminated'
      ])
        assert.ok(names.includes(`__instance_${word}`), word)
    })
})

/** Compiles C for the module: what the linker is to be told of it. */
function objectOf(t, source, ...flags) {
  const object = join(folder(t), 'part.o')
  execFileSync(
    'clang-19',
    [
      ...['--target=wasm32', '-ffreestanding', '-O2', ...flags],
      ...[
        '-x',
        'c',
        '-',
        '-I',
        join(ROOT, 'guest/c/include'),
        '-c',
        '-o',
        object
      ]
    ],
    { input: source }
  )
  return `-C link-arg=${object}`
}

for (const [way, flags] of Object.entries(ways))
  test(`a part in C without the macro receives signals by itself${way}`, (t) => {
    const source = readFileSync(join(crate('with_c'), 'part.c'))
    const options = { lib: 'with_c', flags: objectOf(t, source) + flags }
    const module = new WebAssembly.Module(build(crate('with_c'), options))
    const guest = start(module)
    const { exports } = guest
    // As a deep stack leaves the bottom of its memory, where the linker puts
    // what is defined nowhere.
    new Uint8Array(exports.memory.buffer, 0, 1024).fill(3)
    assert.equal(exports.is_hosted_in_c(), 0)
    host(guest)
    assert.equal(exports.is_hosted_in_c(), 1)
    assert.equal(exports.listen_in_c(INT), 0)
    assert.equal(exports.listen_in_c(INT), 1)
    exports.listen(XCPU)

    raise(guest, INT)
    assert.equal(exports.poll_in_c(), INT)
    assert.equal(exports.last_in_c(), INT)
    assert.equal(exports.poll_once(), 0)

    raise(guest, XCPU)
    assert.equal(exports.poll_once(), XCPU)
    assert.equal(exports.last(), XCPU)
    assert.equal(exports.poll_in_c(), 0)
  })

describe('a C library in the module that defines the words too', () => {
  const definers = {
    'as every definer does': `char ${GUARD} = 0;`,
    'with WASMSIG_GUEST_WORDS()':
      '#include <wasmsig/guest.h>\nWASMSIG_GUEST_WORDS();'
  }
  for (const [how, source] of Object.entries(definers))
    for (const [way, flags] of Object.entries(ways))
      test(`${how}${way}: the linker says what to do`, (t) => {
        const { status, stderr } = tryBuild(crate('loop'), {
          lib: 'loops',
          flags: objectOf(t, source) + flags
        })
        assert.notEqual(status, 0)
        assert.match(stderr, RegExp(`duplicate symbol: ${GUARD}`))
      })
})

test('two versions of the crate in one module: cargo refuses', (t) => {
  const place = folder(t)
  const older = join(place, 'older')
  cpSync(CRATE, older, { recursive: true })
  const manifest = join(older, 'Cargo.toml')
  const text = readFileSync(manifest, 'utf8').replace(
    /^version = .*$/m,
    'version = "0.0.9"'
  )
  writeFileSync(manifest, text.replace('[workspace]', ''))
  writeFileSync(
    join(place, 'Cargo.toml'),
    `[package]
name = "both"
version = "0.0.0"
edition = "2021"
[lib]
path = "lib.rs"
[dependencies]
new = { package = "wasmsig-guest", path = ${JSON.stringify(CRATE)} }
old = { package = "wasmsig-guest", path = "older" }
`
  )
  writeFileSync(join(place, 'lib.rs'), '')
  const { status, stderr } = tryBuild(place, { lib: 'both', locked: false })
  assert.notEqual(status, 0)
  assert.match(stderr, /wasmsig_guest_words/)
  assert.match(stderr, /links/)
})

test('what a linked module says of itself is enough for `inspect`', (t) => {
  const path = join(folder(t), 'beside.wasm')
  writeFileSync(path, build(crate('beside'), { lib: 'beside' }))
  const { stdout } = command(['inspect', '--json', path])
  assert.equal(JSON.parse(stdout).tracked, true)
})
